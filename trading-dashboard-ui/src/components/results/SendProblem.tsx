import { Button, ErrorNote } from "@/components/ui";
import type { SendPhase } from "@/hooks/useSendOnce";

/** What became of a press: refused for good, or not known, which is never called a failure. */
export function SendProblem({ state, onAgain }: { state: SendPhase; onAgain: () => void }) {
  if (state.phase === "refused") return <ErrorNote title="Nothing was sent" error={state.error} />;
  if (state.phase !== "unknown") return null;
  return (
    <div
      role="alert"
      className="flex items-center gap-3 rounded border border-unknown bg-unknown-soft px-3 py-2 text-sm text-unknown"
    >
      <p className="grow">
        <strong>? Not known whether it was taken.</strong> No answer came.{" "}
        {state.isAsking
          ? "Asking again under the same key, which cannot send twice…"
          : "Asking again cannot send twice."}
      </p>
      {state.isAsking ? null : (
        <Button size="small" onClick={onAgain}>
          Ask what became of it
        </Button>
      )}
    </div>
  );
}
