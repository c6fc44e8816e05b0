import { Button, ErrorNote } from "@/components/ui";
import { formatAge } from "@/format";
import { useNow } from "@/hooks/useNow";
import { sentenceOf } from "@/services/apiError";
import { serverNow } from "@/services/serverClock";
import { PREVIEW_LASTS_MS, pressStore, usePress } from "@/store/pressStore";

/** What became of the press, until the desk has told. A lost answer is a question, not a failure. */
export default function PressNotes() {
  const press = usePress((one) => one);
  const now = useNow();
  const { dismiss, askAgain } = pressStore.getState();
  switch (press.phase) {
    case "preview_failed":
      return <Dismissable error={press.error} title="The preview failed; nothing was sent" onDismiss={dismiss} />;
    case "refused":
      return (
        <Dismissable error={press.error} title={`Nothing was sent: ${press.approval.title}`} onDismiss={dismiss} />
      );
    case "sending":
      return (
        <p role="status" className="rounded border border-progress bg-progress-soft px-3 py-2 text-sm text-progress">
          ↑ Sending {press.approval.title}…
        </p>
      );
    case "checking":
      return (
        <div
          role="alert"
          className="flex flex-wrap items-center gap-3 rounded border border-unknown bg-unknown-soft px-3 py-2 text-sm text-unknown"
        >
          <p className="grow">
            <strong>? Unknown: checking {formatAge(now - (press.since + serverNow() - Date.now()))}.</strong>{" "}
            {press.approval.title} was sent to the desk, and no answer came. It is being asked under the same key; it is
            never sent twice. {press.error === null ? "" : sentenceOf(press.error)}
          </p>
          {press.mayAskAgain && now - press.approval.previewedAt < PREVIEW_LASTS_MS ? (
            <Button size="small" onClick={askAgain}>
              Ask now
            </Button>
          ) : null}
        </div>
      );
    case "not_recorded":
      return (
        <div
          role="alert"
          className="flex flex-wrap items-center gap-3 rounded border border-warning bg-warning-soft px-3 py-2 text-sm text-warning"
        >
          <p className="grow">
            <strong>∅ Nothing was sent: {press.approval.title}.</strong> The desk answers and has no such batch: the
            request never reached it. Preview again to send.
          </p>
          <Button size="small" onClick={dismiss}>
            Dismiss
          </Button>
        </div>
      );
    default:
      return null;
  }
}

function Dismissable({ error, title, onDismiss }: { error: unknown; title: string; onDismiss: () => void }) {
  return (
    <div className="flex items-start gap-2">
      <div className="grow">
        <ErrorNote error={error} title={title} />
      </div>
      <Button size="small" onClick={onDismiss}>
        Dismiss
      </Button>
    </div>
  );
}
