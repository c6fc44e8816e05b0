import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { AlertDialog, Button, ErrorNote, Loading } from "@/components/ui";
import { counted, formatDuration } from "@/format";
import { useClientCodes } from "@/hooks/useClientCodes";
import { useNow } from "@/hooks/useNow";
import { useSendOnce } from "@/hooks/useSendOnce";
import { mustTypeTotal } from "@/rules/confirmation";
import { previewRetry, retryRefused } from "@/services/batches";
import type { Batch, BatchHead } from "@/services/orderShapes";
import { serverNow } from "@/services/serverClock";
import { SAFETY } from "@/store/safety";
import { describeBatch } from "./describeBatch";
import { isTotalTyped, PlanSummary, PREVIEW_LASTS_MS } from "./PlanSummary";
import { SendProblem } from "./SendProblem";
import { TypedConfirm } from "./TypedConfirm";

interface RetryDialogProps {
  head: BatchHead;
  /** Of which clients; null for every row that was surely not placed. */
  clientIds: readonly string[] | null;
  onClose: () => void;
  onDone: (batch: Batch) => void;
}

interface Retry {
  clientIds: readonly string[] | null;
  planHash: string;
}

/** A retry is a new decision: previewed anew, confirmed, sent under a key of its own. */
export function RetryDialog({ head, clientIds, onClose, onDone }: RetryDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  const now = useNow();
  const codeOf = useClientCodes();
  const [typed, setTyped] = useState("");
  const seen = useQuery({
    queryKey: ["batches", "retry-preview", head.batch_id, clientIds],
    queryFn: async () => ({ plan: await previewRetry(head.batch_id, clientIds), at: serverNow() }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    placeholderData: () => undefined,
  });
  const press = useSendOnce<Retry, Batch>(
    `retry.${head.batch_id}`,
    (body, key) => retryRefused(head.batch_id, body.clientIds, body.planHash, key),
    onDone,
  );
  const plan = seen.data?.plan;
  const leftMs = seen.data === undefined ? 0 : seen.data.at + PREVIEW_LASTS_MS - now;
  const isOld = plan !== undefined && leftMs <= 0;
  const isSending = press.state.phase === "sending" || press.state.phase === "unknown";
  const isReady =
    plan !== undefined && plan.summary.ok > 0 && !isOld && !isSending && !seen.isFetching && isTotalTyped(plan, typed);
  const side = head.terms?.side ?? "";

  return (
    <AlertDialog
      open
      {...(isSending ? {} : { onCancel: onClose })}
      title={plan === undefined ? "Retry" : `Send ${counted(plan.summary.ok, `${side} order`)} again?`}
      description={`${describeBatch(head)} · only rows that were surely not placed; a new batch under a new key.`}
      tone={side === "BUY" ? "buy" : side === "SELL" ? "sell" : "plain"}
      initialFocus={cancel}
      actions={
        <>
          <Button ref={cancel} onClick={onClose} disabled={isSending} focusableWhenDisabled>
            Cancel
          </Button>
          {isOld || press.state.phase === "refused" ? (
            <Button
              onClick={() => {
                press.reset();
                void seen.refetch();
              }}
            >
              Preview again
            </Button>
          ) : null}
          <Button
            tone={side === "SELL" ? "sell" : "buy"}
            disabled={!isReady}
            focusableWhenDisabled
            onClick={() => plan && press.send({ clientIds, planHash: plan.plan_hash })}
          >
            {isSending ? "Sending…" : `Send ${counted(plan?.summary.ok ?? 0, "order")}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {seen.isPending ? <Loading what="what it would come to" /> : null}
        {seen.isError ? (
          <ErrorNote title="It cannot be retried" error={seen.error} onRetry={() => void seen.refetch()} />
        ) : null}
        {plan ? <PlanSummary plan={plan} codeOf={codeOf} /> : null}
        {plan && mustTypeTotal(plan, SAFETY) ? (
          <TypedConfirm
            expected={String(plan.summary.total_quantity)}
            label="Total quantity"
            value={typed}
            onChange={setTyped}
          />
        ) : null}
        {plan ? (
          <p className="text-sm text-ink-soft tabular-nums">
            {isOld ? "This preview is too old; preview again." : `Preview ${formatDuration(leftMs)} left`}
          </p>
        ) : null}
        <SendProblem state={press.state} onAgain={press.again} />
      </div>
    </AlertDialog>
  );
}
