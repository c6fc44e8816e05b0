/** The batch that the dashboard follows: rows as they change, painted with the screen's frames, however many come. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { type BatchRows, type ClientOutcome, isEnded, outcomesByClient, withRows } from "@/rules/batchRows";
import { readBatch } from "@/services/batches";
import type { Batch, ResultRow } from "@/services/orderShapes";
import { onLive } from "./liveEvents";
import { useSession } from "./sessionStore";

export interface FollowedBatch {
  id: string;
  /** What was pressed, in words: "BUY 1,240 RELIANCE". */
  title: string;
  /** Milliseconds since 1970, this machine's clock. */
  startedAt: number;
  status: Batch["status"];
  rows: BatchRows;
  outcomes: ReadonlyMap<string, ClientOutcome>;
  /** When the last order got its outcome; null while some wait. */
  completedAt: number | null;
  /** Why it could not be read the last time. */
  error: unknown;
}

interface BatchStore {
  batch: FollowedBatch | null;
  follow: (sent: Batch | { batch_id: string }, title: string, startedAt: number) => void;
  take: (sent: Batch, askedAt: number) => void;
  /** Read it now. */
  refresh: () => Promise<void>;
  dismiss: () => void;
}

const LOOK_AGAIN_MS = 2_000;
const LOOK_AGAIN_DONE_MS = 10_000;

let stop: (() => void) | null = null;
let waiting: ResultRow[] = [];
let isFrameAsked = false;

export const batchStore = createStore<BatchStore>()((set, get) => ({
  batch: null,

  follow: (sent, title, startedAt) => {
    stop?.();
    waiting = [];
    const empty = { id: sent.batch_id, title, startedAt, completedAt: null, error: null, outcomes: new Map() };
    set({ batch: { ...empty, status: "running", rows: new Map() } });
    if ("results" in sent) get().take(sent, Date.now());
    stop = listen(sent.batch_id);
  },

  take: (sent, askedAt) => {
    const { batch } = get();
    if (batch === null || batch.id !== sent.batch_id) return;
    const rows = withRows(batch.rows, sent.results, askedAt);
    set({ batch: { ...batch, rows, outcomes: outcomesByClient(rows), error: null, ...ending(batch, sent.status) } });
  },

  refresh: async () => {
    const { batch } = get();
    if (batch === null) return;
    const askedAt = Date.now();
    try {
      get().take(await readBatch(batch.id), askedAt);
    } catch (error) {
      const now = get().batch;
      if (now?.id === batch.id) set({ batch: { ...now, error } });
    }
  },

  dismiss: () => {
    stop?.();
    stop = null;
    set({ batch: null });
  },
}));

function ending(batch: FollowedBatch, status: Batch["status"]): Pick<FollowedBatch, "status" | "completedAt"> {
  return { status, completedAt: status === "completed" ? (batch.completedAt ?? Date.now()) : null };
}

/** Frames tell at once; reading again is for when they do not come. */
function listen(id: string): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let isStopped = false;
  const again = () => {
    const { batch } = batchStore.getState();
    if (isStopped || batch === null || (batch.status === "completed" && isEnded(batch.rows))) return;
    timer = setTimeout(
      () => void batchStore.getState().refresh().then(again),
      batch.status === "completed" ? LOOK_AGAIN_DONE_MS : LOOK_AGAIN_MS,
    );
  };
  const stops = [
    onLive("order_update", (frame) => {
      if (frame.batch_id !== id) return;
      waiting.push(frame);
      paintSoon();
    }),
    onLive("batch_update", (frame) => {
      const { batch } = batchStore.getState();
      if (frame.batch_id === id && batch !== null)
        batchStore.setState({ batch: { ...batch, ...ending(batch, frame.status) } });
    }),
    onLive("resync", () => void batchStore.getState().refresh()),
  ];
  again();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    for (const each of stops) each();
  };
}

function paintSoon(): void {
  if (isFrameAsked) return;
  isFrameAsked = true;
  requestAnimationFrame(() => {
    isFrameAsked = false;
    const { batch } = batchStore.getState();
    const rows = waiting;
    waiting = [];
    if (batch === null || rows.length === 0) return;
    const next = withRows(batch.rows, rows, Date.now());
    batchStore.setState({ batch: { ...batch, rows: next, outcomes: outcomesByClient(next) } });
  });
}

useSession.subscribe(({ session }) => {
  if (session.status === "signed-out") batchStore.getState().dismiss();
});

export function useBatch<T>(select: (batch: FollowedBatch | null) => T): T {
  return useStore(batchStore, (store) => select(store.batch));
}

export function useClientOutcome(clientId: string): ClientOutcome | null {
  return useBatch((batch) => batch?.outcomes.get(clientId) ?? null);
}
