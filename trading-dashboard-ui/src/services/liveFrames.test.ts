import { hear } from "@/services/liveFrames";

const head = { seq: 7, ts: "2026-11-22T05:13:10.221Z" };
const frame = (body: object) => hear(JSON.stringify({ ...head, ...body }));
const row = {
  client_id: "c1",
  client_name: "A. Kulkarni",
  order_id: "o1",
  quantity: 10,
  status: "filled",
  success: true,
  broker_order_id: "B1",
  price: "412.30",
  code: null,
  message: "filled",
};

describe("frames of the contract", () => {
  it.each([
    { type: "hello", snapshot_required: true, server_time: head.ts },
    { type: "pl_update", client_id: "c1", new_pl: 550.75 },
    { type: "pl_update", client_id: "c1", new_pl: null },
    {
      type: "pl_updates",
      updates: [
        ["c1", 550.75],
        ["c2", null],
      ],
    },
    { type: "order_update", batch_id: "b1", ...row },
    {
      type: "batch_update",
      batch_id: "b1",
      status: "running",
      summary: { requested: 1, success: 1, refused: 0, not_known: 0, by_status: { filled: 1 } },
    },
    {
      type: "funds_update",
      updates: [
        {
          client_id: "c1",
          available_funds: "10.00",
          as_of: head.ts,
          stale: false,
          stale_reason: null,
          pl_stale: true,
          pl_reason: "A price is old, or missing.",
        },
      ],
    },
    { type: "session_update", updates: [{ client_id: "c1", session: { state: "ready", reason: null } }] },
    {
      type: "desk_update",
      sending: false,
      is_armed: true,
      is_killed: true,
      is_reduce_only: false,
      reason: "drill",
      changed_by_email: "admin@desk.test",
      changed_at: head.ts,
    },
    { type: "feed_status", status: "delayed", reason: null, last_tick_at: head.ts },
  ])("are read: $type", (body) => {
    expect(frame(body)).toMatchObject({ kind: "frame", frame: { ...body, seq: 7 } });
  });

  it("of a kind not known yet are passed over, and still counted", () => {
    expect(frame({ type: "news", headline: "x" })).toEqual({ kind: "ignored", seq: 7 });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "5"],
    ["no text", new ArrayBuffer(2)],
    ["no seq", JSON.stringify({ type: "hello", ts: head.ts })],
    ["a profit that is text", JSON.stringify({ ...head, type: "pl_updates", updates: [["c1", "5"]] })],
    ["a profit without an id", JSON.stringify({ ...head, type: "pl_updates", updates: [[5]] })],
    ["a status nobody knows", JSON.stringify({ ...head, type: "order_update", batch_id: "b", ...row, status: "lost" })],
    ["money that is a number", JSON.stringify({ ...head, type: "order_update", batch_id: "b", ...row, price: 5 })],
  ])("that cannot be read are said to be so: %s", (_what, text) => {
    expect(hear(text)).toEqual({ kind: "unreadable" });
  });
});
