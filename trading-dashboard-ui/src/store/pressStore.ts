/**
 * From a preview to a batch: one decision, one key, one batch.
 *
 * The key is made when a person accepts a preview, and kept for this tab until the batch has all its outcomes. Where no
 * answer comes, the same request is asked again under the same key while the preview is fresh; later the list of batches
 * is asked, which sends nothing. Only an answer of the desk ends the question.
 */

import * as v from "valibot";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { formatQuantity } from "@/format";
import { calledOf } from "@/rules/instrumentText";
import type { Quantities } from "@/rules/quantities";
import type { Ticket } from "@/rules/ticket";
import { ApiError, isOutcomeUnknown } from "@/services/apiError";
import { readLatestBatches } from "@/services/batches";
import { executeAll, previewTrade, type TradeRequest } from "@/services/execution";
import type { Batch, Plan } from "@/services/orderShapes";
import { serverNow } from "@/services/serverClock";
import { batchStore } from "./batchStore";
import { clearDraft, readDraft, writeDraft } from "./draftStorage";
import { useSession } from "./sessionStore";
import { tradeStore } from "./tradeStore";

/** A preview says what was true then; after this it must be asked again. */
export const PREVIEW_LASTS_MS = 60_000;

export interface Preview {
  plan: Plan;
  request: TradeRequest;
  /** What it was made of: another ticket or other quantities void it. */
  ticket: Ticket;
  quantities: Quantities;
  /** By the server's clock. */
  at: number;
}

const approval = v.object({
  key: v.string(),
  planHash: v.string(),
  title: v.string(),
  orders: v.number(),
  /** By the server's clock. */
  previewedAt: v.number(),
  acceptedAt: v.number(),
  batchId: v.nullable(v.string()),
  request: v.custom<TradeRequest>((found) => typeof found === "object" && found !== null),
});
export type Approval = v.InferOutput<typeof approval>;

export type Press =
  | { phase: "idle" }
  | { phase: "previewing" }
  | { phase: "preview_failed"; error: unknown }
  | { phase: "previewed"; preview: Preview; isOpen: boolean }
  | { phase: "sending"; approval: Approval }
  | { phase: "checking"; approval: Approval; since: number; error: unknown; mayAskAgain: boolean }
  | { phase: "not_recorded"; approval: Approval }
  | { phase: "refused"; approval: Approval; error: unknown };

interface PressStore {
  press: Press;
  preview: (request: TradeRequest) => Promise<void>;
  open: () => void;
  /** Close the dialog; the preview stays good while nothing is edited. */
  close: () => void;
  /** The one way to send. A second call finds no preview and does nothing. */
  accept: () => void;
  /** Ask again under the same key, by a person's wish. */
  askAgain: () => void;
  dismiss: () => void;
  /** After a reload: go on finding out. Never sends. */
  resume: () => void;
}

const DRAFT = "press";
const PAUSES_MS = [1_000, 2_000, 3_000, 5_000];
/** A request whose answer was lost is surely over by then. */
const SETTLED_AFTER_MS = 12_000;

export const pressStore = createStore<PressStore>()((set, get) => ({
  press: { phase: "idle" },

  preview: async (request) => {
    const { phase } = get().press;
    if (phase === "previewing" || phase === "sending" || phase === "checking") return;
    const { ticket, history } = tradeStore.getState();
    set({ press: { phase: "previewing" } });
    try {
      const at = serverNow();
      const plan = await previewTrade(request);
      const preview = { plan, request, ticket, quantities: history.present, at };
      set({ press: { phase: "previewed", preview, isOpen: true } });
    } catch (error) {
      set({ press: { phase: "preview_failed", error } });
    }
  },

  open: () => {
    const { press } = get();
    if (press.phase === "previewed") set({ press: { ...press, isOpen: true } });
  },

  close: () => {
    const { press } = get();
    if (press.phase === "previewed") set({ press: { ...press, isOpen: false } });
  },

  accept: () => {
    const { press } = get();
    if (press.phase !== "previewed" || !isGood(press.preview)) return;
    const { preview } = press;
    const approved: Approval = {
      key: crypto.randomUUID(),
      planHash: preview.plan.plan_hash,
      title: titleOf(preview),
      orders: preview.plan.summary.ok,
      previewedAt: preview.at,
      acceptedAt: serverNow(),
      batchId: null,
      request: preview.request,
    };
    keep(approved);
    void send(approved);
  },

  askAgain: () => {
    const { press } = get();
    if (press.phase === "not_recorded" || press.phase === "checking") void send(press.approval);
  },

  dismiss: () => {
    const { phase } = get().press;
    if (phase === "sending" || phase === "checking") return; // not before the desk has said what became of it
    if (phase === "refused" || phase === "not_recorded") forgetKept();
    set({ press: { phase: "idle" } });
  },

  resume: () => {
    if (get().press.phase !== "idle" || batchStore.getState().batch !== null) return;
    const kept = readDraft(whose(), DRAFT, approval)?.value;
    if (kept === undefined) return;
    if (kept.batchId === null) void check(kept, null, false);
    else follow(kept, { batch_id: kept.batchId });
  },
}));

/** Whether what was previewed is what would be sent now, and recently enough. */
export function isGood(preview: Preview, now: number = serverNow()): boolean {
  const { ticket, history } = tradeStore.getState();
  return preview.ticket === ticket && preview.quantities === history.present && now - preview.at < PREVIEW_LASTS_MS;
}

let turn = 0; // of the latest send or check: an older one that wakes up has nothing to say

async function send(approved: Approval): Promise<void> {
  const mine = ++turn;
  pressStore.setState({ press: { phase: "sending", approval: approved } });
  try {
    took(approved, await executeAll(approved.request, approved.planHash, approved.key));
  } catch (error) {
    if (mine !== turn) return;
    if (isOutcomeUnknown(error)) await check(approved, error, true);
    else pressStore.setState({ press: { phase: "refused", approval: approved, error } });
  }
}

async function check(approved: Approval, firstError: unknown, mayAskAgain: boolean): Promise<void> {
  const mine = ++turn;
  const since = Date.now();
  let error = firstError;
  for (let tries = 0; mine === turn; tries++) {
    pressStore.setState({ press: { phase: "checking", approval: approved, since, error, mayAskAgain } });
    if (tries > 0 || firstError !== null) await pause(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 5_000);
    if (mine !== turn) return;
    const isFresh = serverNow() - approved.previewedAt < PREVIEW_LASTS_MS;
    try {
      if (mayAskAgain && isFresh) {
        took(approved, await executeAll(approved.request, approved.planHash, approved.key));
        return;
      }
      const batchId = await findBatch(approved);
      if (batchId !== null) {
        took(approved, { batch_id: batchId });
        return;
      }
      const isOver = Date.now() - since > SETTLED_AFTER_MS || serverNow() - approved.acceptedAt > PREVIEW_LASTS_MS;
      if (isOver && mine === turn) {
        pressStore.setState({ press: { phase: "not_recorded", approval: approved } });
        return;
      }
    } catch (found) {
      if (mine !== turn) return;
      error = found;
      const isSignedOut = found instanceof ApiError && found.status === 401;
      if (!isOutcomeUnknown(found) && !isSignedOut && mayAskAgain && isFresh) {
        pressStore.setState({ press: { phase: "refused", approval: approved, error: found } });
        return;
      }
    }
  }
}

/** The batch with the accepted plan that this person made since: found by reading alone. */
async function findBatch(approved: Approval): Promise<string | null> {
  const { session } = useSession.getState();
  const email = "me" in session ? session.me.email : null;
  const listed = await readLatestBatches();
  const found = listed.find(
    (batch) =>
      batch.plan_hash === approved.planHash &&
      batch.created_by === email &&
      Date.parse(batch.created_at) >= approved.acceptedAt - 5_000,
  );
  return found?.batch_id ?? null;
}

function took(approved: Approval, sent: Batch | { batch_id: string }): void {
  const kept = { ...approved, batchId: sent.batch_id };
  turn += 1;
  keep(kept);
  pressStore.setState({ press: { phase: "idle" } });
  tradeStore.getState().clearAfterBatch();
  follow(kept, sent);
}

function follow(approved: Approval, sent: Batch | { batch_id: string }): void {
  batchStore.getState().follow(sent, approved.title, approved.acceptedAt - serverNow() + Date.now());
  const stop = batchStore.subscribe(({ batch }) => {
    if (batch?.id === sent.batch_id && batch.completedAt === null) return;
    stop();
    if (readDraft(whose(), DRAFT, approval)?.value.batchId === sent.batch_id) forgetKept();
  });
}

function whose(): string {
  const { session } = useSession.getState();
  return "me" in session ? session.me.id : "nobody";
}

function keep(approved: Approval): void {
  writeDraft(whose(), DRAFT, approved);
}

function forgetKept(): void {
  clearDraft(whose(), DRAFT);
}

function titleOf({ plan, ticket }: Preview): string {
  return `${ticket.side} ${formatQuantity(plan.summary.total_quantity)} ${ticket.instrument ? calledOf(ticket.instrument) : ""}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

useSession.subscribe(({ session }) => {
  if (session.status !== "signed-out") return;
  turn += 1;
  pressStore.setState({ press: { phase: "idle" } });
});

export function usePress<T>(select: (press: Press) => T): T {
  return useStore(pressStore, (store) => select(store.press));
}
