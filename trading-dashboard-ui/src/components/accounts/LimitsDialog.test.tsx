import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { refuse, server, withServer } from "@/test/server";
import LimitsDialog from "./LimitsDialog";

withServer();

const DESK = { scope: "desk", subject_id: "", subject_name: "" } as const;
const CLIENT = { scope: "client", subject_id: "c1", subject_name: "A. Kulkarni" } as const;
const STORED = {
  scope: "desk",
  subject_id: "",
  subject_name: "",
  max_order_quantity: 500,
  max_order_notional: "100000.00",
  max_price_distance_percent: null,
  max_batch_notional: null,
  max_batch_orders: null,
  updated_at: "2026-11-23T04:30:00Z",
  updated_by: "admin@desk.test",
} as const;

function open(subject: typeof DESK | typeof CLIENT, kept: typeof STORED | null = null): () => number {
  let closed = 0;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <LimitsDialog
        subject={subject}
        name="somebody"
        kept={kept}
        onClose={() => {
          closed += 1;
        }}
      />
    </QueryClientProvider>,
  );
  return () => closed;
}

/** What reached the server. The first `refusals` are answered with `step_up_needed`. */
function takes(path: string, refusals = 0): unknown[] {
  const bodies: unknown[] = [];
  server.use(
    http.put(`*${path}`, async ({ request }) => {
      bodies.push(await request.json());
      if (bodies.length > refusals) return HttpResponse.json(STORED);
      const problem = {
        title: "Refused",
        status: 403,
        code: "step_up_needed",
        detail: "a code is needed",
        errors: null,
      };
      return HttpResponse.json(problem, { status: 403 });
    }),
  );
  return bodies;
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const save = () => fireEvent.click(screen.getByRole("button", { name: "Save" }));

describe("the limits of a subject", () => {
  it("are stored all together, so that none is lifted by being left out", async () => {
    const bodies = takes("/admin/limits/desk");
    const closed = open(DESK, STORED);
    type("Orders of a batch, slices counted", "1,000");
    save();
    await vi.waitFor(() => expect(closed()).toBe(1));
    expect(bodies).toEqual([
      {
        max_order_quantity: 500,
        max_order_notional: "100000.00",
        max_price_distance_percent: null,
        max_batch_notional: null,
        max_batch_orders: 1000,
      },
    ]);
  });

  it("ask for a code where the desk wants one, and keep what was typed", async () => {
    const bodies = takes("/admin/limits/desk", 1);
    const closed = open(DESK);
    type("Units of an order", "250");
    save();
    expect(await screen.findByText(/Nothing was stored yet/)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Save" })).toHaveAttribute("aria-disabled", "true");
    type("6-digit code", "123 456");
    save();
    await vi.waitFor(() => expect(closed()).toBe(1));
    expect(bodies[1]).toMatchObject({ max_order_quantity: 250, totp_code: "123456" });
  });

  it("of a client have none of a batch", async () => {
    const bodies = takes("/admin/limits/clients/c1");
    const closed = open(CLIENT);
    expect(screen.queryByLabelText("Value of a batch, ₹")).toBeNull();
    type("Value of an order, ₹", "5,00,000");
    save();
    await vi.waitFor(() => expect(closed()).toBe(1));
    expect(bodies[0]).not.toHaveProperty("max_batch_orders");
    expect(bodies[0]).toMatchObject({ max_order_notional: "500000" });
  });

  it("are not stored where a field cannot be read, and say why where the desk refuses", async () => {
    refuse("put", "/admin/limits/desk", 422, "not_valid", {
      errors: [{ field: "max_price_distance_percent", message: "expected at most 1000 percent" }],
    });
    open(DESK);
    type("Units of an order", "0");
    expect(screen.getByText("Above nought, or empty for no limit")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Save" })).toHaveAttribute("aria-disabled", "true");
    type("Units of an order", "");
    type("Typed price from the last price, %", "2000");
    save();
    expect(await screen.findByText("expected at most 1000 percent")).toBeInTheDocument();
    expect(screen.getByText(/Nothing was stored: mend the fields/)).toBeInTheDocument();
  });
});
