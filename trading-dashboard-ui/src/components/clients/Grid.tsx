import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { memo, useCallback, useEffect, useRef } from "react";
import { usePreferences } from "@/store/preferencesStore";
import { useTableLook } from "@/store/tableStore";
import { type ClientColumn, frozenWidth, leftOf, templateOf } from "./columns";
import { GridHead, HEAD_PX } from "./GridHead";
import { useGridKeys } from "./useGridKeys";
import type { RowOrder } from "./useRowOrder";

interface GridProps {
  order: RowOrder;
  onPaste: (text: string, fromId: string) => void;
  onCopyDown: (fromId: string) => void;
}

const OVERSCAN = 10;

/** The windowed table: rows of one height, the head and the first columns in view, one tab stop for all quantities. */
export function Grid({ order, onPaste, onCopyDown }: GridProps) {
  const { ids, columns } = order;
  const scroller = useRef<HTMLDivElement>(null);
  const rowPx = usePreferences((kept) => Number(kept.density));
  const activeId = useTableLook((look) => look.activeId);
  const hasFocus = useTableLook((look) => look.hasFocus);
  const activeIndex = activeId === null ? -1 : ids.indexOf(activeId);
  const virtualizer = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
    getItemKey: useCallback((index: number) => ids[index] ?? index, [ids]),
    // The row in use stays mounted when it is scrolled away: without it the focus falls to the page and its shortcuts.
    rangeExtractor: useCallback(
      (range: Parameters<typeof defaultRangeExtractor>[0]) => {
        const shown = defaultRangeExtractor(range);
        return activeIndex < 0 || shown.includes(activeIndex)
          ? shown
          : [...shown, activeIndex].sort((left, right) => left - right);
      },
      [activeIndex],
    ),
  });
  const onKeyDown = useGridKeys({ ids, scroller, virtualizer, rowPx, onCopyDown });
  const template = templateOf(columns);
  const firstId = ids[0];
  const hasNoTabStop = activeIndex < 0;
  useEffect(() => {
    if (hasNoTabStop && firstId !== undefined) useTableLook.setState({ activeId: firstId });
  }, [hasNoTabStop, firstId]);

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label="Clients"
      aria-rowcount={ids.length + 1}
      aria-colcount={columns.length}
      className="relative min-h-32 grow overflow-auto overscroll-contain text-sm"
      style={{ scrollPaddingLeft: frozenWidth(columns) }}
      onKeyDown={onKeyDown}
      onPaste={(event) => {
        const fromId = quantityIdOf(event.target);
        const text = event.clipboardData.getData("text/plain");
        if (fromId === null || !/[\t\r\n]/.test(text.trim())) return;
        event.preventDefault();
        onPaste(text, fromId);
      }}
    >
      <div role="presentation" style={{ minWidth: "max-content" }}>
        <GridHead order={order} template={template} />
        <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start, key }) => (
            <Row
              key={key}
              clientId={ids[index] ?? ""}
              rowIndex={index + 2}
              top={start - HEAD_PX}
              height={rowPx}
              columns={columns}
              template={template}
              isActive={hasFocus && index === activeIndex}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

export function quantityIdOf(target: EventTarget): string | null {
  return target instanceof HTMLElement ? (target.dataset["quantity"] ?? null) : null;
}

interface RowProps {
  clientId: string;
  /** As screen readers count: the head is the first. */
  rowIndex: number;
  top: number;
  height: number;
  columns: readonly ClientColumn[];
  template: string;
  isActive: boolean;
}

const Row = memo(function Row({ clientId, rowIndex, top, height, columns, template, isActive }: RowProps) {
  const ground = isActive ? "bg-accent-soft" : rowIndex % 2 === 0 ? "bg-surface" : "bg-sunken";
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      data-client={clientId}
      className={clsx("absolute left-0 grid w-full border-b", ground)}
      style={{ top, height, gridTemplateColumns: template }}
    >
      {columns.map(({ id, Cell, numeric, frozen }, index) => (
        <div
          key={id}
          role="gridcell"
          aria-colindex={index + 1}
          className={clsx(
            "flex min-w-0 items-center px-2",
            numeric && "justify-end",
            frozen && ["sticky", ground],
            id === "name" && "border-r",
          )}
          style={frozen ? { left: leftOf(columns, id) } : undefined}
        >
          <Cell clientId={clientId} />
        </div>
      ))}
    </div>
  );
});
