import clsx from "clsx";
import type { Look, Tone } from "./statuses";

const TONES: Record<Tone, string> = {
  neutral: "bg-neutral-soft text-neutral",
  progress: "bg-progress-soft text-progress",
  good: "bg-good-soft text-good",
  warning: "bg-warning-soft text-warning",
  bad: "bg-bad-soft text-bad",
  unknown: "bg-unknown-soft text-unknown",
};

interface StatusBadgeProps {
  look: Look;
  /** Stands in the label's place where the row knows more, such as "checking 6 s". */
  children?: React.ReactNode;
  className?: string;
}

/** `<StatusBadge look={ORDER_STATUS[order.status]} />` */
export function StatusBadge({ look, children, className }: StatusBadgeProps) {
  return (
    <span
      title={look.meaning}
      data-tone={look.tone}
      className={clsx(
        "inline-flex items-center gap-1 rounded px-1.5 text-xs leading-5 font-medium whitespace-nowrap",
        TONES[look.tone],
        className,
      )}
    >
      <span aria-hidden>{look.glyph}</span>
      {children ?? look.label}
    </span>
  );
}
