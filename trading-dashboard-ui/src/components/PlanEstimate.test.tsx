import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { sampleEstimate, samplePlan, samplePlanned } from "@/test/samples";
import { PlanEstimate } from "./PlanEstimate";

const orders = [
  samplePlanned({ quantity: 1500 }),
  samplePlanned({ client_id: "c2", client_name: "B. Rao", price: null, quantity: 5 }),
];
const show = (given: Parameters<typeof sampleEstimate>[0], results = orders) =>
  render(
    <PlanEstimate
      plan={{ ...samplePlan(results), estimate: sampleEstimate(given) }}
      codeOf={(id) => (id === "c1" ? "MO1" : "")}
    />,
  );
const line = (name: string) => screen.getByText(name).nextSibling?.textContent;

describe("what a preview would take", () => {
  it("is told in total, exactly and grouped as in India", () => {
    show({ funds_needed: "12345678.90", stt: "12345.68", sending_s: 3.2, most_orders_of_a_client: 9 });
    expect(line("Funds needed, at most")).toBe("₹1,23,45,678.90");
    expect(line("Transaction tax (STT)")).toBe("₹12,345.68");
    expect(line("Last order leaves")).toBe("after 3.2 s at least, up to 9 orders a client");
  });

  it("is not known, and says why, where the desk does not know it; never nought", () => {
    show({ funds_needed: null, funds_reason: "The margin is the broker's to say.", stt: null, stt_reason: null });
    expect(line("Funds needed, at most")).toBe("not known: The margin is the broker's to say.");
    expect(line("Transaction tax (STT)")).toBe("not known");
    expect(line("Brokerage, other charges")).toMatch(/^not known/);
    expect(screen.queryByText(/₹0/)).toBeNull();
  });

  it("names who is short of funds, and counts those who were never read", () => {
    const short = {
      client_id: "c1",
      client_name: "A. Kulkarni",
      needed: "150000.00",
      available: "100000.00",
      as_of: "2026-11-23T04:30:00Z",
    };
    show({ short_of_funds: [short], funds_not_known: 2 });
    expect(screen.getByText(/1 client may be short of funds/)).toBeInTheDocument();
    const list = screen.getByRole("list", { name: "Short of funds" });
    expect(list).toHaveTextContent("MO1 A. Kulkarni: needs ₹1,50,000.00, had ₹1,00,000.00");
    expect(screen.getByText(/2 buying clients whose funds were never read/)).toBeInTheDocument();
  });

  it("is told for each client", async () => {
    show({});
    await userEvent.click(screen.getByText("Est. value by client"));
    const rows = within(screen.getByRole("list", { name: "Est. value by client" })).getAllByRole("listitem");
    expect(rows.map((row) => row.textContent)).toEqual(["B. Rao5 · not known", "MO1 A. Kulkarni1,500 · ₹1,50,000.00"]);
  });

  it("says nothing where nothing would leave", () => {
    show({}, [samplePlanned({ status: "blocked" })]);
    expect(screen.queryByRole("region", { name: "Estimate" })).toBeNull();
  });
});
