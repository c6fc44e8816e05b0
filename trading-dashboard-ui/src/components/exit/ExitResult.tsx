import { Link } from "wouter";
import { BatchProgress, describeBatch, ExitVerdicts, ResultsTable } from "@/components/results";
import { BATCH_STATUS, Button, ErrorNote, Loading, Panel, StatusBadge } from "@/components/ui";
import { useBatch } from "@/hooks/useBatch";
import { sortedForReading } from "@/rules/batchState";

interface ExitResultProps {
  batchId: string;
  onDismiss: () => void;
}

/** One exit as it happens, and each client's verdict with the read behind it. Stays until dismissed. */
export function ExitResult({ batchId, onDismiss }: ExitResultProps) {
  const found = useBatch(batchId);
  const state = found.data;
  return (
    <Panel
      title={state === undefined ? "Exit" : describeBatch(state.head)}
      className="max-h-[55%] shrink-0"
      actions={
        <>
          {state === undefined ? null : <StatusBadge look={BATCH_STATUS[state.head.status]} />}
          <Link href={`/batches/${batchId}`} className="text-sm font-medium text-accent underline">
            Open the batch
          </Link>
          <Button size="small" tone="ghost" onClick={onDismiss}>
            Dismiss
          </Button>
        </>
      }
    >
      {found.isPending ? <Loading what="the exit" /> : null}
      {found.isError ? (
        <div className="p-3">
          <ErrorNote
            title={
              state === undefined ? "The exit could not be read" : "The exit could not be read again; this may be old"
            }
            error={found.error}
            onRetry={() => void found.refetch()}
          />
        </div>
      ) : null}
      {state === undefined ? null : (
        <>
          <BatchProgress state={state} />
          <ExitVerdicts rows={state.rows} />
          <ResultsTable rows={sortedForReading(state.rows)} isExit />
        </>
      )}
    </Panel>
  );
}
