/** What `/ws/updates` says (CONTRACT.md section 3), checked as it arrives. A frame of a kind not known here is ignored. */
import * as v from "valibot";
import { doubts } from "./clients";
import { deskFlags } from "./desk";
import { resultRow, summary } from "./orderShapes";
import { instant, money } from "./schemas";

export type ProfitUpdate = readonly [clientId: string, newPl: number | null];

const head = { seq: v.number(), ts: instant };
const loginState = v.picklist(["absent", "logging_in", "ready", "refused", "expired", "unreachable"]);

const frames = v.variant("type", [
  v.object({ ...head, type: v.literal("hello"), snapshot_required: v.boolean(), server_time: instant }),
  v.object({ ...head, type: v.literal("pl_update"), client_id: v.string(), new_pl: v.nullable(v.number()) }),
  v.object({ ...head, ...resultRow.entries, type: v.literal("order_update"), batch_id: v.string() }),
  v.object({
    ...head,
    type: v.literal("batch_update"),
    batch_id: v.string(),
    status: v.picklist(["running", "stopping", "completed"]),
    summary,
  }),
  v.object({
    ...head,
    type: v.literal("funds_update"),
    updates: v.array(
      v.object({
        client_id: v.string(),
        available_funds: v.nullable(money),
        as_of: v.nullable(instant),
        ...doubts.entries,
      }),
    ),
  }),
  v.object({
    ...head,
    type: v.literal("session_update"),
    updates: v.array(
      v.object({ client_id: v.string(), session: v.object({ state: loginState, reason: v.nullish(v.string()) }) }),
    ),
  }),
  v.object({ ...head, ...deskFlags.entries, type: v.literal("desk_update") }),
  v.object({
    ...head,
    type: v.literal("feed_status"),
    status: v.picklist(["live", "delayed", "down"]),
    reason: v.nullish(v.string()),
    last_tick_at: v.nullish(instant),
  }),
]);

export type Frame =
  | v.InferOutput<typeof frames>
  | { type: "pl_updates"; seq: number; ts: string; updates: readonly ProfitUpdate[] };
export type FrameOf<T extends Frame["type"]> = Extract<Frame, { type: T }>;

const KNOWN: ReadonlySet<unknown> = new Set([
  "hello",
  "pl_update",
  "pl_updates",
  "order_update",
  "batch_update",
  "funds_update",
  "session_update",
  "desk_update",
  "feed_status",
]);

export type Heard = { kind: "frame"; frame: Frame } | { kind: "ignored"; seq: number } | { kind: "unreadable" };

/** Never throws: what cannot be read is answered with a snapshot, not with a crash. */
export function hear(text: unknown): Heard {
  let found: unknown;
  try {
    found = typeof text === "string" ? JSON.parse(text) : null;
  } catch {
    return { kind: "unreadable" };
  }
  if (!isHeaded(found)) return { kind: "unreadable" };
  if (!KNOWN.has(found.type)) return { kind: "ignored", seq: found.seq };
  if (found.type === "pl_updates") {
    // Four times a second for every client: checked by hand, a schema would cost several times as much.
    return areProfits(found["updates"])
      ? { kind: "frame", frame: { type: "pl_updates", seq: found.seq, ts: found.ts, updates: found["updates"] } }
      : { kind: "unreadable" };
  }
  const read = v.safeParse(frames, found);
  return read.success ? { kind: "frame", frame: read.output } : { kind: "unreadable" };
}

function isHeaded(found: unknown): found is Record<string, unknown> & { type: string; seq: number; ts: string } {
  return (
    typeof found === "object" &&
    found !== null &&
    typeof (found as Record<string, unknown>)["type"] === "string" &&
    Number.isInteger((found as Record<string, unknown>)["seq"]) &&
    typeof (found as Record<string, unknown>)["ts"] === "string"
  );
}

function areProfits(updates: unknown): updates is readonly ProfitUpdate[] {
  return (
    Array.isArray(updates) &&
    updates.every(
      (one: unknown) =>
        Array.isArray(one) &&
        one.length === 2 &&
        typeof one[0] === "string" &&
        (one[1] === null || (typeof one[1] === "number" && Number.isFinite(one[1]))),
    )
  );
}
