import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type BatchState, isMoving, withBatch, withHead, withRows } from "@/rules/batchState";
import { readBatch } from "@/services/batches";
import type { FrameOf } from "@/services/liveFrames";
import type { Batch } from "@/services/orderShapes";
import { useConnection } from "@/store/connectionStore";
import { onLive } from "@/store/liveEvents";

const LOOK_AGAIN_MS = 1_500; // while frames do not come
const LOOK_ANYWAY_MS = 6_000; // frames come; an answer is the truth all the same

const keyOf = (id: string) => ["batches", "one", id] as const;

/** One batch, none for "": read anew while it moves, and told live in between. Only the server's words change it. */
export function useBatch(id: string) {
  const queries = useQueryClient();
  const isLive = useConnection((store) => store.isOpen);
  const found = useQuery({
    queryKey: keyOf(id),
    queryFn: async ({ signal }) => {
      const askedAt = performance.now();
      return withBatch(known(queries, id), await readBatch(id, signal), askedAt);
    },
    enabled: id !== "",
    structuralSharing: false,
    placeholderData: () => undefined,
    refetchInterval: ({ state }) =>
      state.data !== undefined && !isMoving(state.data) ? false : isLive ? LOOK_ANYWAY_MS : LOOK_AGAIN_MS,
  });
  useEffect(() => heedFrames(queries, id), [queries, id]);
  return found;
}

/** Take an answer that came for another reason, such as that of stopping. */
export function takeBatch(queries: QueryClient, batch: Batch, askedAt: number): void {
  queries.setQueryData<BatchState>(keyOf(batch.batch_id), (before) => withBatch(before, batch, askedAt));
}

function known(queries: QueryClient, id: string): BatchState | undefined {
  return queries.getQueryData<BatchState>(keyOf(id));
}

/** However many frames came, they are shown together, with the next frame of the screen. */
function heedFrames(queries: QueryClient, id: string): () => void {
  let waiting: FrameOf<"order_update">[] = [];
  let asked: number | null = null;
  const show = () => {
    asked = null;
    const frames = waiting;
    waiting = [];
    const before = known(queries, id);
    if (before === undefined) return;
    settle(withRows(before, frames, performance.now()));
  };
  const settle = (state: BatchState) => {
    queries.setQueryData(keyOf(id), state);
    if (state.isBehind) void queries.invalidateQueries({ queryKey: keyOf(id) });
  };
  const stops = [
    onLive("order_update", (frame) => {
      if (frame.batch_id !== id) return;
      waiting.push(frame);
      asked ??= requestAnimationFrame(show);
    }),
    onLive("batch_update", (frame) => {
      if (frame.batch_id !== id) return;
      if (asked !== null) {
        cancelAnimationFrame(asked);
        show();
      }
      const before = known(queries, id);
      if (before !== undefined) settle(withHead(before, frame));
    }),
  ];
  return () => {
    if (asked !== null) cancelAnimationFrame(asked);
    for (const stop of stops) stop();
  };
}
