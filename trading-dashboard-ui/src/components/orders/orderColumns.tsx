import { Link } from "wouter";
import { Age, type Column, ORDER_STATUS, StatusBadge } from "@/components/ui";
import { formatDay, formatMoment, formatPrice, formatQuantity, formatTime } from "@/format";
import { figureWidth, leastTableWidth, wordWidth } from "@/rules/columnWidths";
import { mayCancel, typeOf } from "@/rules/orderActs";
import type { Order } from "@/services/orders";
import { NeedsLook, Pending } from "./OrderSigns";
import { symbolOf } from "./orderNames";

interface OrderColumns {
  selected: ReadonlySet<string>;
  /** Null where nobody may cancel. */
  onSelect: ((selected: ReadonlySet<string>) => void) | null;
  rows: readonly Order[];
  onOpen: (id: string) => void;
  /** The widest of COLUMN_STEPS that the window reaches. */
  width: number;
}

const ROOMY = 1280;
const WIDE = 1600;
const WIDEST = 1800;
/** Where lesser columns are left out: the order's own page tells them all. */
export const COLUMN_STEPS: readonly number[] = [ROOMY, WIDE, WIDEST];
const LEAST_REASON_REM = { [ROOMY]: 12, narrow: 8 };
const LEAST_FIGURE_REM = 4;

/** Below this the table scrolls sideways: the reason always has room. */
export function orderTableWidth(columns: readonly Column<Order>[], width: number): string {
  return leastTableWidth(columns, width >= ROOMY ? LEAST_REASON_REM[ROOMY] : LEAST_REASON_REM.narrow);
}

export function orderColumns({ selected, onSelect, rows, onOpen, width }: OrderColumns): Column<Order>[] {
  const isRoomy = width >= ROOMY;
  const from = (step: number, column: Column<Order>) => (width >= step ? [column] : []);
  const facts: Column<Order>[] = [
    {
      key: "time",
      header: isRoomy ? "Time (IST)" : "Time",
      width: isRoomy ? "8rem" : "4.75rem",
      isRowHeader: true,
      cell: (order) => (
        <button type="button" className="text-accent underline" onClick={() => onOpen(order.id)}>
          {isRoomy ? `${formatDay(order.created_at)} ` : ""}
          {formatTime(order.created_at)}
        </button>
      ),
      title: (order) => formatMoment(order.created_at),
    },
    {
      key: "client",
      header: "Client",
      width: isRoomy ? "11rem" : "7rem",
      cell: (order) => (
        <Link href={`/clients/${order.client_id}`} className="hover:underline">
          {clientOf(order)}
        </Link>
      ),
      title: clientOf,
    },
    { key: "side", header: "Side", width: "3.25rem", cell: (order) => order.side },
    {
      key: "symbol",
      header: "Symbol",
      width: wordWidth(rows.map(symbolOf), isRoomy ? 8.5 : 7), // an option's strike and kind come last
      cell: symbolOf,
      title: symbolOf,
    },
    ...from(WIDE, { key: "product", header: "Product", width: "6rem", cell: productOf, title: productOf }),
    ...from(WIDEST, { key: "type", header: "Type", width: "6rem", cell: typeOf }),
    ...from(ROOMY, {
      key: "price",
      header: "Price",
      width: figureWidth(rows.map(priceOf), LEAST_FIGURE_REM),
      numeric: true,
      cell: priceOf,
    }),
    {
      key: "quantity",
      header: "Qty",
      width: figureWidth(
        rows.map((order) => formatQuantity(order.quantity)),
        LEAST_FIGURE_REM,
      ),
      numeric: true,
      cell: (order) => formatQuantity(order.quantity),
    },
    {
      key: "filled",
      header: "Filled",
      width: figureWidth(rows.map(filledOf), LEAST_FIGURE_REM),
      numeric: true,
      cell: filledOf,
    },
    ...from(WIDE, {
      key: "average",
      header: "Avg",
      width: figureWidth(rows.map(averageOf), LEAST_FIGURE_REM),
      numeric: true,
      cell: averageOf,
    }),
    {
      key: "state",
      header: "State",
      width: isRoomy ? "14rem" : "9.5rem",
      cell: (order) => <State order={order} isRoomy={isRoomy} />,
    },
    {
      key: "reason",
      header: "Reason",
      width: "auto",
      cell: (order) => order.attention ?? (order.code ? `${order.message} (${order.code})` : "—"),
      title: (order) => [order.attention, order.message, order.code].filter(Boolean).join(" · "),
    },
  ];
  return onSelect === null ? facts : [selection(selected, onSelect, rows), ...facts];
}

/** Where a person must look, that comes first; a narrow window keeps the order's own state for its tooltip. */
function State({ order, isRoomy }: { order: Order; isRoomy: boolean }) {
  const own = (
    <StatusBadge look={ORDER_STATUS[order.status]}>
      {order.status === "unknown" ? (
        <>
          checking <Age at={order.sent_at ?? order.updated_at} />
        </>
      ) : undefined}
    </StatusBadge>
  );
  return (
    <span className="flex gap-1">
      {order.attention ? <NeedsLook order={order} /> : null}
      {isRoomy || !order.attention ? own : <span className="sr-only">{ORDER_STATUS[order.status].label}</span>}
      {isRoomy && !order.attention ? <Pending order={order} /> : null}
    </span>
  );
}

function clientOf(order: Order): string {
  return [order.client_code, order.client_name].filter(Boolean).join(" ") || order.client_id;
}

function productOf(order: Order): string {
  return order.product;
}

function priceOf(order: Order): string {
  return formatPrice(order.price);
}

function averageOf(order: Order): string {
  return formatPrice(order.average_price);
}

function filledOf(order: Order): string {
  return order.status === "unknown" && order.filled_quantity === 0 ? "?" : formatQuantity(order.filled_quantity);
}

function selection(
  selected: ReadonlySet<string>,
  onSelect: (selected: ReadonlySet<string>) => void,
  rows: readonly Order[],
): Column<Order> {
  const open = rows.filter(mayCancel);
  const isAll = open.length > 0 && open.every((order) => selected.has(order.id));
  return {
    key: "select",
    header: (
      <input
        type="checkbox"
        aria-label="Select every order that can be cancelled"
        checked={isAll}
        disabled={open.length === 0}
        onChange={() => onSelect(new Set(isAll ? [] : open.map((order) => order.id)))}
        className="size-4 align-middle"
      />
    ),
    width: "2.25rem",
    cell: (order) =>
      mayCancel(order) ? (
        <input
          type="checkbox"
          aria-label={`Select ${order.client_code ?? order.client_name} ${symbolOf(order)}`}
          checked={selected.has(order.id)}
          onChange={() => {
            const next = new Set(selected);
            if (!next.delete(order.id)) next.add(order.id);
            onSelect(next);
          }}
          className="size-4 align-middle"
        />
      ) : null,
  };
}
