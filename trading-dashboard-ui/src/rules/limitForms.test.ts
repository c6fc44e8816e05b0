import { limitForm, readLimitForm } from "./limitForms";

const EMPTY = limitForm(null);

describe("limits as they are typed", () => {
  it("are none where nothing is typed", () => {
    expect(readLimitForm(EMPTY)).toEqual({
      ok: true,
      change: {
        max_order_quantity: null,
        max_order_notional: null,
        max_price_distance_percent: null,
        max_batch_notional: null,
        max_batch_orders: null,
      },
    });
  });

  it("are read with Indian groups, and money stays exact text", () => {
    const read = readLimitForm({
      ...EMPTY,
      max_order_quantity: "1,00,000",
      max_order_notional: "9,99,99,99,999.95",
      max_price_distance_percent: "2.5",
    });
    expect(read).toMatchObject({
      ok: true,
      change: {
        max_order_quantity: 100_000,
        max_order_notional: "9999999999.95",
        max_price_distance_percent: "2.5",
        max_batch_orders: null,
      },
    });
  });

  it.each(["0", "-5", "1.5", "1e3", "ten"])("refuse %s as a count, for it is never taken for no limit", (text) => {
    const read = readLimitForm({ ...EMPTY, max_batch_orders: text });
    expect(read).toMatchObject({ ok: false, problems: { max_batch_orders: expect.any(String) } });
  });

  it.each(["0.00", "-5", "1.23456", "₹5", "1,2"])("refuse %s as an amount", (text) => {
    const read = readLimitForm({ ...EMPTY, max_order_notional: text });
    expect(read).toMatchObject({ ok: false, problems: { max_order_notional: expect.any(String) } });
  });
});
