import { useCallback, useEffect, useRef, useState } from "react";
import * as v from "valibot";
import { isOutcomeUnknown } from "@/services/apiError";
import { clearDraft, readDraft, writeDraft } from "@/store/draftStorage";
import { useMe } from "@/store/sessionStore";

const ASK_AGAIN_MS = [1_000, 2_000, 4_000]; // then a person decides; every one of them carries the same key

const kept = v.object({ key: v.string(), body: v.unknown() });

export type SendPhase =
  | { phase: "idle" }
  | { phase: "sending" }
  /** No answer came: it may have been done. */
  | { phase: "unknown"; error: unknown; isAsking: boolean }
  /** The desk refused it: nothing was recorded. */
  | { phase: "refused"; error: unknown };

export interface SendOnce<Body> {
  state: SendPhase;
  /** Mint a key for this decision and send it. Does nothing while one is under way. */
  send: (body: Body) => void;
  /** Ask what became of it: the same body under the same key, which can never be done twice. */
  again: () => void;
  /** Whether an earlier page of this tab sent one and never heard of it. */
  hasUnanswered: boolean;
  /** After a refusal. */
  reset: () => void;
  /** Ask no more what became of an earlier page's: what it did, if anything, stands. */
  forget: () => void;
}

/**
 * One decision, one key, one effect. The key is kept for this tab until an answer came, also over a reload; nothing is
 * sent again by itself after one.
 */
export function useSendOnce<Body, Answer>(
  name: string,
  post: (body: Body, key: string) => Promise<Answer>,
  onDone: (answer: Answer) => void,
): SendOnce<Body> {
  const userId = useMe().id;
  const draft = `send.${name}`;
  const [state, setState] = useState<SendPhase>({ phase: "idle" });
  const [hasUnanswered, setHasUnanswered] = useState(() => readDraft(userId, draft, kept) !== null);
  const isBusy = useRef(false);
  const latest = useRef({ post, onDone });
  latest.current = { post, onDone };
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);

  const run = useCallback(
    async (body: Body, key: string) => {
      if (isBusy.current) return;
      isBusy.current = true;
      setHasUnanswered(false);
      setState({ phase: "sending" });
      for (let tried = 0; ; tried++) {
        try {
          const answer = await latest.current.post(body, key);
          clearDraft(userId, draft);
          isBusy.current = false;
          if (isGone.current) return;
          setState({ phase: "idle" });
          latest.current.onDone(answer);
          return;
        } catch (error) {
          if (!isOutcomeUnknown(error)) {
            clearDraft(userId, draft);
            isBusy.current = false;
            setState({ phase: "refused", error });
            return;
          }
          const pause = ASK_AGAIN_MS[tried];
          setState({ phase: "unknown", error, isAsking: pause !== undefined && !isGone.current });
          if (pause === undefined || isGone.current) {
            isBusy.current = false;
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
    },
    [userId, draft],
  );

  return {
    state,
    hasUnanswered,
    send: (body) => {
      if (isBusy.current) return;
      const key = crypto.randomUUID();
      writeDraft(userId, draft, { key, body });
      void run(body, key);
    },
    again: () => {
      const found = readDraft(userId, draft, kept);
      if (found !== null) void run(found.value.body as Body, found.value.key);
    },
    reset: () => setState({ phase: "idle" }),
    forget: () => {
      if (isBusy.current) return;
      clearDraft(userId, draft);
      setHasUnanswered(false);
      setState({ phase: "idle" });
    },
  };
}
