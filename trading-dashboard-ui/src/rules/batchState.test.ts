import type { FrameOf } from "@/services/liveFrames";
import { orderStatus, type ResultRow } from "@/services/orderShapes";
import { aBatch, aRow } from "@/test/rows";
import {
  type BatchState,
  isMoving,
  isRetriable,
  sortedForReading,
  VIEWS,
  withBatch,
  withHead,
  withRows,
} from "./batchState";
import { countsOf, keyOf } from "./orderLife";

const STATUSES = orderStatus.options;
const rowsOf = (...statuses: ResultRow["status"][]) =>
  statuses.map((status, place) => aRow({ order_id: `o${place}`, client_id: `c${place}`, status }));

function told(changes: Partial<ResultRow>, seq = 2): FrameOf<"order_update"> {
  return { ...aRow(changes), type: "order_update", seq, ts: "2026-11-23T04:30:05Z", batch_id: "b1" };
}

const opened = (rows: readonly ResultRow[]): BatchState => withBatch(undefined, aBatch(rows), 0);

describe("what is known of a batch", () => {
  it.each(STATUSES)("shows %s only because the server said so", (status) => {
    const state = opened(rowsOf("queued", "queued"));
    const next = withRows(state, [told({ order_id: "o1", client_id: "c1", status })], 1);
    expect(next.rows.map((row) => row.status)).toEqual(["queued", status]);
  });

  it("never leads from queued to filled by itself, whatever the head says", () => {
    const state = opened(rowsOf("queued", "queued"));
    const summary = { requested: 2, success: 2, refused: 0, not_known: 0, by_status: { filled: 2 } };
    const next = withHead(state, {
      type: "batch_update",
      seq: 3,
      ts: "",
      batch_id: "b1",
      status: "completed",
      summary,
    });
    expect(next.rows).toBe(state.rows);
    expect(next.isBehind).toBe(true); // the rows must be read anew
  });

  it("agrees with a head that says the same", () => {
    const state = opened(rowsOf("filled", "rejected"));
    const { summary } = aBatch(state.rows);
    const next = withHead(state, {
      type: "batch_update",
      seq: 3,
      ts: "",
      batch_id: "b1",
      status: "completed",
      summary,
    });
    expect(next.isBehind).toBe(false);
  });

  it("keeps a frame that came after an answer was asked for", () => {
    const asked = opened(rowsOf("sending"));
    const framed = withRows(asked, [told({ order_id: "o0", client_id: "c0", status: "filled" })], 20);
    expect(withBatch(framed, aBatch(rowsOf("sending")), 10).rows[0]?.status).toBe("filled");
    expect(withBatch(framed, aBatch(rowsOf("cancelled")), 30).rows[0]?.status).toBe("cancelled");
  });

  it("asks anew for a row that it does not hold", () => {
    const next = withRows(opened(rowsOf("queued")), [told({ order_id: "elsewhere" })], 1);
    expect(next.isBehind).toBe(true);
    expect(next.rows).toHaveLength(1);
  });

  it("keeps a client's code that a frame does not carry", () => {
    const next = withRows(opened([aRow()]), [told({ client_code: undefined, status: "open" })], 1);
    expect(next.rows[0]).toMatchObject({ client_code: "MO10001", status: "open", updated_at: "2026-11-23T04:30:00Z" });
  });

  it("has counts that sum to the rows after any frames", () => {
    let state = opened(rowsOf(...STATUSES, ...STATUSES));
    for (const [place, status] of STATUSES.entries()) {
      state = withRows(state, [told({ order_id: `o${place}`, client_id: `c${place}`, status })], place);
      const sum = Object.values(countsOf(state.rows)).reduce((total, count) => total + count, 0);
      expect(sum).toBe(state.rows.length);
    }
  });

  it("names rows without an order by their client", () => {
    const rows = [aRow({ order_id: null, client_id: "c1" }), aRow({ order_id: null, client_id: "c2" })];
    expect(new Set(rows.map(keyOf)).size).toBe(2);
  });

  it("moves while an order works or an exit is not proven", () => {
    const over = { status: "completed" } as const;
    const isStill = (rows: ResultRow[]) => !isMoving(withBatch(undefined, aBatch(rows, over), 0));
    expect(isStill(rowsOf("filled", "rejected", "absent", "lapsed", "cancelled"))).toBe(true);
    expect(isStill(rowsOf("filled", "unknown"))).toBe(false);
    const exit = { held: 5, exited: 5, remaining: null, verdict: "running", read_at: null } as const;
    expect(isStill([aRow({ status: "filled", exit })])).toBe(false);
  });
});

describe("which rows may be tried again", () => {
  it.each(STATUSES)("%s only where the order was surely not placed", (status) => {
    const success = ["blocked", "lapsed", "rejected", "absent"].includes(status) ? false : null;
    expect(isRetriable(aRow({ status, success }))).toBe(success === false);
  });
});

describe("reading order", () => {
  it("puts failures first, then what is not known, and keeps the order asked among equals", () => {
    const rows = rowsOf("filled", "unknown", "rejected", "open", "blocked");
    expect(sortedForReading(rows).map((row) => row.status)).toEqual([
      "rejected",
      "blocked",
      "unknown",
      "filled",
      "open",
    ]);
  });

  it("counts an order that needs a person as a problem", () => {
    expect(VIEWS.problems.has(aRow({ status: "open", attention: "two rows carry its tag" }))).toBe(true);
    expect(VIEWS.problems.has(aRow({ status: "open" }))).toBe(false);
  });
});
