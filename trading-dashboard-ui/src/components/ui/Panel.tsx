import clsx from "clsx";
import { Component, type ErrorInfo, type ReactNode, useId } from "react";
import { Button } from "./Button";

interface BoundaryProps {
  /** Names the part for a person: "Clients". */
  name: string;
  children: ReactNode;
}

/** Keeps a crash inside its panel: the ticket survives a broken table. */
export class PanelBoundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(_error: Error, _info: ErrorInfo): void {
    // React has already written it to the console.
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div
        role="alert"
        className="m-3 flex items-center gap-3 rounded border border-bad bg-bad-soft px-3 py-2 text-sm text-bad"
      >
        <p className="grow">
          <strong>{this.props.name}</strong> stopped by an error in this page. Nothing was sent by it, and the rest of
          the page works.
        </p>
        <Button size="small" onClick={() => this.setState({ failed: false })}>
          Show again
        </Button>
      </div>
    );
  }
}

interface PanelProps {
  title: string;
  /** Keeps the heading for screen readers alone. */
  hideTitle?: boolean;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A part of a screen with a heading, its own region for F6, and its own error boundary. */
export function Panel({ title, hideTitle = false, actions, children, className }: PanelProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      data-region
      tabIndex={-1}
      className={clsx("flex min-w-0 flex-col rounded-md border bg-surface", className)}
    >
      <header
        className={clsx("flex flex-wrap items-center gap-2 border-b px-3 py-2", hideTitle && !actions && "sr-only")}
      >
        <h2 id={id} className={clsx("grow text-sm font-semibold", hideTitle && "sr-only")}>
          {title}
        </h2>
        {actions}
      </header>
      <PanelBoundary name={title}>{children}</PanelBoundary>
    </section>
  );
}
