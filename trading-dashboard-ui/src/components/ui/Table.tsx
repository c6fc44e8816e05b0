import clsx from "clsx";
import type { ComponentProps, ReactNode } from "react";

interface TableProps {
  /** Read out: what the table lists. */
  label: string;
  children: ReactNode;
  className?: string;
}

/** A plain table that scrolls inside its panel, its head in view. For thousands of rows use a windowed one. */
export function Table({ label, children, className }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1)
    <section aria-label={label} tabIndex={0} className={clsx("min-h-0 overflow-auto", className)}>
      <table aria-label={label} className="w-full border-collapse text-sm">
        {children}
      </table>
    </section>
  );
}

export function Head({ children }: { children: ReactNode }) {
  return (
    <thead className="sticky top-0 bg-sunken text-left text-xs text-ink-soft">
      <tr>{children}</tr>
    </thead>
  );
}

export function Th({ className, numeric = false, ...rest }: ComponentProps<"th"> & { numeric?: boolean }) {
  return (
    <th
      scope="col"
      className={clsx("border-b px-2 py-1.5 font-semibold whitespace-nowrap", numeric && "text-right", className)}
      {...rest}
    />
  );
}

export function Td({ className, numeric = false, ...rest }: ComponentProps<"td"> & { numeric?: boolean }) {
  return <td className={clsx("row-h border-b px-2", numeric && "text-right tabular-nums", className)} {...rest} />;
}
