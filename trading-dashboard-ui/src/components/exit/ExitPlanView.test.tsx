import { render, screen, within } from "@testing-library/react";
import type { ExitPlan, HeldRow } from "@/services/exits";
import { samplePlan, samplePlanned } from "@/test/samples";
import { ExitPlanView } from "./ExitPlanView";

const heldRow = (changes: Partial<HeldRow> = {}): HeldRow => ({
  client_id: "c1",
  client_name: "A. Kulkarni",
  product: "DELIVERY",
  held: 10,
  read_at: "2026-11-23T04:30:00Z",
  code: null,
  message: null,
  ...changes,
});
const planOf = (plan: Partial<ExitPlan>): ExitPlan => ({ ...samplePlan([]), positions: [], ...plan });

describe("an exit's preview", () => {
  it("sums what is sold and bought back apart", () => {
    const plan = samplePlan([
      samplePlanned({ side: "SELL", quantity: 400 }),
      samplePlanned({ client_id: "c2", side: "BUY", quantity: 150 }),
    ]);
    render(<ExitPlanView plan={planOf(plan)} codeOf={() => ""} />);
    const figure = (name: string) => screen.getByText(name).nextSibling?.textContent;
    expect([figure("Clients"), figure("Sell"), figure("Buy back")]).toEqual(["2", "400", "150"]);
  });

  it("names who could not be read, and never counts them as holding nothing", () => {
    const positions = [
      heldRow({ held: null, code: "read_failed", message: "The broker did not answer." }),
      heldRow({ client_id: "c2", held: 0 }),
    ];
    render(<ExitPlanView plan={planOf({ positions })} codeOf={(id) => (id === "c1" ? "MO1" : "MO2")} />);
    expect(screen.getByText(/1 could not be read: nothing is sent for them/)).toBeInTheDocument();
    const unread = screen.getByRole("list", { name: "Cannot be read" });
    expect(within(unread).getByText(/MO1 A. Kulkarni: The broker did not answer./)).toBeInTheDocument();
    expect(screen.getByText(/1 client holds nothing of it: MO2 A. Kulkarni \(read 10:00:00\)/)).toBeInTheDocument();
  });

  it("says what is held and cannot be exited from here", () => {
    const positions = [heldRow({ product: "BTST", held: -5, code: "product_not_sendable", message: "Not from here." })];
    render(<ExitPlanView plan={planOf({ positions })} codeOf={() => "MO1"} />);
    expect(screen.getByRole("list", { name: "Held, and not sent" })).toHaveTextContent(
      "MO1 A. Kulkarni BTST -5: Not from here.",
    );
  });
});
