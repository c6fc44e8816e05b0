import { render, screen } from "@testing-library/react";
import { aRow } from "@/test/rows";
import { ExitVerdicts } from "./ExitVerdicts";

it("says whose exit is not proven, and shows the counts of all four verdicts that occur", () => {
  const exit = { held: 10, exited: 10, remaining: 0, read_at: "2026-11-23T04:30:00Z" };
  render(
    <ExitVerdicts
      rows={[
        aRow({ client_id: "a", order_id: "1", exit: { ...exit, verdict: "flat" } }),
        aRow({ client_id: "b", order_id: "2", exit: { ...exit, remaining: 4, verdict: "reduced" } }),
        aRow({
          client_id: "c",
          order_id: null,
          exit: { ...exit, held: null, remaining: null, verdict: "cannot_tell" },
        }),
      ]}
    />,
  );
  const counts = screen.getAllByRole("listitem").map((one) => one.textContent);
  expect(counts).toEqual(["✓flat 1", "◐reduced 1", "?cannot tell 1"]);
  expect(screen.getByRole("status")).toHaveTextContent(
    "1 of 3 proven flat; 1 reduced, with a rest; 1 cannot be told: the position may still be open.",
  );
});
