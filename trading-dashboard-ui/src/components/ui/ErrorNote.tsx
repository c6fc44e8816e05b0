import { TriangleAlert } from "lucide-react";
import { ApiError, sentenceOf } from "@/services/apiError";
import { Button } from "./Button";

interface ErrorNoteProps {
  error: unknown;
  /** What failed: "The clients could not be read". */
  title?: string;
  onRetry?: () => void;
}

/** A failure, in the server's words, with what to do next. Never shown as an empty list or a zero. */
export function ErrorNote({ error, title, onRetry }: ErrorNoteProps) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div role="alert" className="flex items-start gap-2 rounded border border-bad bg-bad-soft px-3 py-2 text-bad">
      <TriangleAlert aria-hidden size={16} className="mt-0.5 shrink-0" />
      <div className="grow text-sm">
        {title ? <p className="font-semibold">{title}</p> : null}
        <p>{sentenceOf(error)}</p>
        {requestId ? <p className="mt-1 text-xs">Request {requestId}</p> : null}
      </div>
      {onRetry ? (
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}
