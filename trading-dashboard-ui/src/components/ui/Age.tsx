import clsx from "clsx";
import { formatAge, formatMoment, type Moment } from "@/format";
import { useNow } from "@/hooks/useNow";

interface AgeProps {
  /** When the value was true. */
  at: Moment;
  /** Older than this is marked as stale. */
  staleAfterMs?: number;
  className?: string;
}

/** How old a value is, and exactly when it was read in the title. Counts by itself. */
export function Age({ at, staleAfterMs = Number.POSITIVE_INFINITY, className }: AgeProps) {
  const now = useNow();
  const moment = at === null || at === undefined ? Number.NaN : new Date(at).getTime();
  const age = now - moment;
  return (
    <span
      className={clsx("tabular-nums", age > staleAfterMs && "text-warning italic", className)}
      title={formatMoment(at)}
    >
      {formatAge(Number.isNaN(age) ? null : age)}
    </span>
  );
}
