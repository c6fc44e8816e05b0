import { aBatch, aRow } from "@/test/rows";
import { progressOf } from "./batchProgress";
import { withBatch } from "./batchState";

const BEGAN = Date.parse("2026-11-23T04:30:00Z");
const at = (seconds: number) => new Date(BEGAN + seconds * 1000).toISOString();
const sent = (id: number) => aRow({ order_id: `s${id}`, status: "open", broker_order_id: `B${id}`, sent_at: at(id) });
const waits = (id: number) => aRow({ order_id: `q${id}` });

describe("how a batch gets on", () => {
  it("tells rate and time left while it runs", () => {
    const state = withBatch(undefined, aBatch([sent(1), sent(2), waits(1), waits(2)]), 0);
    expect(progressOf(state, BEGAN + 4_000)).toEqual({
      requested: 4,
      sent: 2,
      queued: 2,
      elapsedMs: 4_000,
      rate: 0.5,
      leftMs: 4_000,
    });
  });

  it("stops the clock at the last order that left", () => {
    const state = withBatch(undefined, aBatch([sent(1), sent(2)], { status: "completed" }), 0);
    expect(progressOf(state, BEGAN + 90_000)).toMatchObject({ elapsedMs: 2_000, rate: 1, leftMs: null });
  });

  it("tells no rate from nothing", () => {
    const blocked = aRow({ status: "blocked", success: false });
    const state = withBatch(undefined, aBatch([blocked], { status: "completed" }), 0);
    expect(progressOf(state, BEGAN + 9_000)).toMatchObject({ sent: 0, rate: null, elapsedMs: null, leftMs: null });
  });
});
