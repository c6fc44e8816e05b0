import { Link } from "wouter";
import { SendProblem, shortId } from "@/components/results";
import { Age, Button } from "@/components/ui";
import { useRunningExits } from "@/hooks/useExits";
import type { SendOnce } from "@/hooks/useSendOnce";
import type { ExitRequest } from "@/services/exits";

interface PressNoteProps {
  press: SendOnce<ExitRequest>;
  /** The dialog says it itself. */
  isDialogOpen: boolean;
}

/** A press whose answer never came, of this page or of one before a reload. */
export function PressNote({ press, isDialogOpen }: PressNoteProps) {
  if (press.hasUnanswered) {
    return (
      <div
        role="alert"
        className="flex flex-wrap items-center gap-3 rounded border border-unknown bg-unknown-soft px-3 py-2 text-sm text-unknown"
      >
        <p className="grow">
          <strong>? An exit was pressed here before this page was loaded, and its answer never came.</strong> Asking
          under the same key shows it where the desk has it, and exits once where it has not.
        </p>
        <Button size="small" onClick={press.again}>
          Ask, or exit, under the same key
        </Button>
        <Button size="small" onClick={press.forget}>
          Leave it
        </Button>
      </div>
    );
  }
  if (isDialogOpen) return null;
  return press.state.phase === "idle" ? null : <SendProblem state={press.state} onAgain={press.again} />;
}

/** Exits of this instrument that run, whoever pressed: another press joins them. */
export function RunningExits({ instrumentId }: { instrumentId: string }) {
  const running = useRunningExits(instrumentId).data ?? [];
  if (running.length === 0) return null;
  return (
    <ul aria-label="Exits that run" className="border-t px-3 py-1.5 text-sm text-progress">
      {running.map((batch) => (
        <li key={batch.batch_id}>
          ◌ An exit of this runs (
          <Link href={`/batches/${batch.batch_id}`} className="underline">
            {shortId(batch.batch_id)}
          </Link>
          , by {batch.created_by}, pressed <Age at={batch.created_at} /> ago). Another press joins it: no second order
          goes out for whom it runs.
        </li>
      ))}
    </ul>
  );
}
