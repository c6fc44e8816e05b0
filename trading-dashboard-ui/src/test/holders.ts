/** Holders for tests, with only what the test is about given. */
import type { Holder } from "@/services/exits";

export function aHolder(given: Partial<Holder> = {}, demat: number | null = 0): Holder {
  const net = given.net_quantity === undefined ? 10 : given.net_quantity;
  return {
    client_id: "c1",
    client_name: "A. Kulkarni",
    mofsl_client_code: "MO10001",
    state: net === null ? "unknown" : "known",
    net_quantity: net,
    average_price: "100.00",
    pl: "12.50",
    products: net === null ? [] : [leg("DELIVERY", net)],
    demat: { quantity: demat, average_price: null, read_at: "2026-11-23T04:30:00Z", stale: false, reason: null },
    read_at: "2026-11-23T04:30:00Z",
    stale: false,
    reason: null,
    ...given,
  };
}

export function leg(product: string, net_quantity: number): Holder["products"][number] {
  return { product, net_quantity, average_price: "100.00", pl: "1.00" };
}
