import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { AlertDialog, Button, ErrorNote } from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { takeBatch } from "@/hooks/useBatch";
import type { BatchState } from "@/rules/batchState";
import { isAtWork } from "@/rules/orderLife";
import { isOutcomeUnknown } from "@/services/apiError";
import { cancelBatch } from "@/services/batches";
import { describeBatch } from "./describeBatch";

/** Ask the broker to end every order of a batch that may be working there, and send nothing more of it. */
export function CancelBatch({ state }: { state: BatchState }) {
  const [isOpen, setIsOpen] = useState(false);
  const working = state.rows.filter(isAtWork).length;
  if (working === 0 && !isOpen) return null;
  return (
    <>
      <Button tone="danger" onClick={() => setIsOpen(true)}>
        Cancel what still works…
      </Button>
      {isOpen ? <Ask state={state} working={working} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

function Ask({ state, working, onClose }: { state: BatchState; working: number; onClose: () => void }) {
  const { head, rows } = state;
  const keep = useRef<HTMLButtonElement>(null);
  const queries = useQueryClient();
  const unknown = rows.filter((row) => row.status === "unknown").length;
  const cancel = useMutation({
    mutationFn: async () => {
      const askedAt = performance.now();
      takeBatch(queries, await cancelBatch(head.batch_id), askedAt);
    },
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["batches", "one", head.batch_id] }),
  });
  const act = `Cancel ${counted(working, "order")}`;
  return (
    <AlertDialog
      open
      {...(cancel.isPending ? {} : { onCancel: onClose })}
      tone="danger"
      initialFocus={keep}
      title={working === 0 ? "Nothing of it works any more" : `${act} that still work, or may?`}
      description={`${describeBatch(head)} · what was filled stays filled; the broker's book decides.`}
      actions={
        <>
          <Button ref={keep} onClick={onClose} disabled={cancel.isPending} focusableWhenDisabled>
            Keep
          </Button>
          <Button
            tone="danger"
            disabled={cancel.isPending || working === 0}
            focusableWhenDisabled
            onClick={() => cancel.mutate()}
          >
            {cancel.isPending ? "Asking…" : act}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-2 text-sm">
        <p>What has not left the desk is not sent any more.</p>
        {unknown > 0 ? (
          <p className="text-unknown">
            ? {formatQuantity(unknown)} of unknown fate: each is cancelled once the broker's book shows it.
          </p>
        ) : null}
        {cancel.isError ? (
          <ErrorNote
            title={
              isOutcomeUnknown(cancel.error)
                ? "Whether it was asked for is not known; the rows tell. Asking again does no harm"
                : "Nothing was cancelled"
            }
            error={cancel.error}
          />
        ) : null}
      </div>
    </AlertDialog>
  );
}
