import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { type ReactNode, useEffect, useRef } from "react";
import { usePrinting } from "@/hooks/usePrinting";
import { usePreferences } from "@/store/preferencesStore";

export interface Column<Row> {
  key: string;
  header: ReactNode;
  /** CSS width. Columns keep it whatever is scrolled into view. */
  width: string;
  numeric?: boolean;
  /** Names the row for screen readers. */
  isRowHeader?: boolean;
  cell: (row: Row) => ReactNode;
  /** What a cut-off cell holds, shown on hover. */
  title?: (row: Row) => string;
}

interface WindowedTableProps<Row> {
  /** Read out: what the table lists. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Below this width the table scrolls sideways. */
  minWidth?: string;
  rowClass?: (row: Row) => string | undefined;
  className?: string;
}

const OVERSCAN = 12;

/** A table of thousands: only the rows in view are in the page, all of one height. Printing shows every row. */
export function WindowedTable<Row>({
  label,
  columns,
  rows,
  keyOf,
  minWidth = "60rem",
  rowClass,
  className,
}: WindowedTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = Number(usePreferences((kept) => kept.density));
  const isPrinting = usePrinting();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(rows[index] as Row),
    overscan: OVERSCAN,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another density means another height for every row
  useEffect(() => virtualizer.measure(), [rowHeight]);

  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  const shown = isPrinting ? rows : rows.slice(first, last + 1);
  const above = isPrinting ? 0 : first * rowHeight;
  const below = isPrinting ? 0 : Math.max(0, rows.length - last - 1) * rowHeight;
  const offset = isPrinting ? 0 : first;

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and a section would be a second landmark of that name
    <div
      ref={scroller}
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1)
      tabIndex={0}
      className={clsx("min-h-0 overflow-auto print:overflow-visible", className)}
    >
      <table
        aria-label={label}
        aria-rowcount={rows.length + 1}
        className="w-full table-fixed border-collapse text-sm"
        style={{ minWidth }}
      >
        <colgroup>
          {columns.map((column) => (
            <col key={column.key} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead className="sticky top-0 z-10 bg-sunken text-left text-xs text-ink-soft print:static">
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={clsx("border-b px-2 py-1.5 font-semibold whitespace-nowrap", column.numeric && "text-right")}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <Gap height={above} columns={columns.length} /> : null}
          {shown.map((row, index) => (
            <tr
              key={keyOf(row)}
              aria-rowindex={offset + index + 2}
              style={{ height: rowHeight }}
              className={clsx("hover:bg-sunken", rowClass?.(row))}
            >
              {columns.map((column) => {
                const Cell = column.isRowHeader ? "th" : "td";
                return (
                  <Cell
                    key={column.key}
                    {...(column.isRowHeader ? { scope: "row" } : {})}
                    title={column.title?.(row)}
                    className={clsx(
                      "truncate border-b px-2 text-left font-normal print:whitespace-normal",
                      column.numeric && "text-right tabular-nums",
                    )}
                  >
                    {column.cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
          {below > 0 ? <Gap height={below} columns={columns.length} /> : null}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are not in the page. */
function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td colSpan={columns} className="p-0" />
    </tr>
  );
}
