import clsx from "clsx";
import { tradeStore, useTrade } from "@/store/tradeStore";
import { leftOf } from "./columns";
import type { RowOrder } from "./useRowOrder";

export const HEAD_PX = 32;

interface GridHeadProps {
  order: RowOrder;
  template: string;
}

export function GridHead({ order, template }: GridHeadProps) {
  const { columns, sorting, sortBy } = order;
  return (
    <div
      role="row"
      aria-rowindex={1}
      className="sticky top-0 z-10 grid border-b bg-sunken text-xs font-semibold text-ink-soft"
      style={{ height: HEAD_PX, gridTemplateColumns: template }}
    >
      {columns.map(({ id, header, numeric, frozen, sort }, index) => {
        const sorted = sorting.find((one) => one.id === id);
        return (
          <div
            key={id}
            role="columnheader"
            aria-colindex={index + 1}
            aria-sort={sorted === undefined ? undefined : sorted.desc ? "descending" : "ascending"}
            className={clsx(
              "flex min-w-0 items-center bg-sunken px-2",
              numeric && "justify-end",
              frozen && "sticky z-10",
              id === "name" && "border-r",
            )}
            style={frozen ? { left: leftOf(columns, id) } : undefined}
          >
            {id === "select" ? (
              <MarkAll order={order} />
            ) : sort === undefined ? (
              header
            ) : (
              <button
                type="button"
                onClick={() => sortBy(id)}
                className="min-h-6 truncate font-semibold hover:text-ink hover:underline"
              >
                {header}
                {sorted === undefined ? null : <span aria-hidden> {sorted.desc ? "▼" : "▲"}</span>}
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

function MarkAll({ order }: { order: RowOrder }) {
  const marked = useTrade((store) => order.ids.reduce((sum, id) => sum + (store.selected.has(id) ? 1 : 0), 0));
  const areAll = marked > 0 && marked === order.ids.length;
  return (
    <input
      type="checkbox"
      aria-label="Mark all shown clients"
      checked={areAll}
      ref={(input) => {
        if (input !== null) input.indeterminate = marked > 0 && !areAll;
      }}
      onChange={(event) => tradeStore.getState().select(order.ids, event.target.checked)}
      className="size-6 scale-75 accent-accent"
    />
  );
}
