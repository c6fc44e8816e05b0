import type { ReactNode } from "react";

interface EmptyStateProps {
  title: string;
  /** Why, and what to do. */
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing to show, for a known reason. Not for what failed to load: that is an `ErrorNote`. */
export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      <p className="font-semibold">{title}</p>
      {children ? <p className="max-w-prose text-sm text-ink-soft">{children}</p> : null}
      {action}
    </div>
  );
}

/** While the first answer is awaited. */
export function Loading({ what }: { what: string }) {
  return (
    <p role="status" className="px-4 py-6 text-center text-sm text-ink-soft">
      Reading {what}…
    </p>
  );
}
