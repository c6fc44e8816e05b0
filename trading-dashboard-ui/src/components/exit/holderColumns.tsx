/** The columns of the holders' table. */
import { Link } from "wouter";
import { Age, Button, type Column, ProfitLoss } from "@/components/ui";
import { formatMoment, formatPrice, formatQuantity, formatSignedMoney, formatSignedQuantity } from "@/format";
import { figureWidth, wordWidth } from "@/rules/columnWidths";
import { closingSide, dematOf, type HolderKind, kindOf, legsOf } from "@/rules/holders";
import { productName } from "@/rules/products";
import type { Holder } from "@/services/exits";
import type { TradeType } from "@/services/orderShapes";
import type { Order } from "@/services/orders";

interface HolderColumns {
  tradeType: TradeType | null;
  rows: readonly Holder[];
  selected: ReadonlySet<string>;
  /** Orders on the instrument that are not over, by client. */
  working: ReadonlyMap<string, readonly Order[]>;
  /** Null where nobody may exit. */
  onSelect: ((selected: ReadonlySet<string>) => void) | null;
  onExit: (holder: Holder) => void;
  /** Clients whose reading is older than the exit's proof that is shown above. */
  before: ReadonlySet<string>;
}

export function holderColumns(given: HolderColumns): Column<Holder>[] {
  const { tradeType, rows, working, onSelect, onExit, before } = given;
  /** As wide as its longest cell: no quantity and no amount is ever cut. */
  const fitting = (leastRem: number, text: (holder: Holder) => string) => figureWidth(rows.map(text), leastRem);
  const fittingWords = (leastRem: number, text: (holder: Holder) => string) => wordWidth(rows.map(text), leastRem);
  const facts: Column<Holder>[] = [
    {
      key: "code",
      header: "Code",
      width: "5.5rem",
      isRowHeader: true,
      cell: (holder) => <strong className="font-medium">{holder.mofsl_client_code}</strong>,
    },
    {
      key: "client",
      header: "Client",
      width: "auto",
      cell: (holder) => (
        <Link href={`/clients/${holder.client_id}`} className="hover:underline">
          {holder.client_name}
        </Link>
      ),
      title: (holder) => holder.client_name,
    },
    {
      key: "side",
      header: "Side",
      width: "6rem",
      cell: (holder) => sideWords(holder, tradeType),
    },
    {
      key: "held",
      header: "Position",
      width: fittingWords(9, (holder) => positionWords(holder, tradeType)),
      numeric: true,
      cell: (holder) => positionWords(holder, tradeType),
      title: (holder) => positionWords(holder, tradeType),
    },
    {
      key: "exit",
      header: "Exit",
      width: fittingWords(8, (holder) => `[${exitWords(holder, tradeType)}…]`),
      cell: (holder) => {
        const words = exitWords(holder, tradeType);
        if (onSelect === null) return words;
        return (
          <Button
            size="small"
            className="min-h-6!"
            aria-label={`Exit ${holder.mofsl_client_code}: ${words}…`}
            onClick={() => onExit(holder)}
          >
            {words}…
          </Button>
        );
      },
    },
    {
      key: "working",
      header: "Working",
      width: fittingWords(7, (holder) => workingWords(working.get(holder.client_id))),
      cell: (holder) => <Working orders={working.get(holder.client_id)} />,
    },
    {
      key: "pl",
      header: "P&L",
      width: fitting(7.5, (holder) => `▼ ${formatSignedMoney(holder.pl)}`),
      numeric: true,
      cell: (holder) => <ProfitLoss value={holder.pl} stale={holder.stale} />,
      title: (holder) => holder.reason ?? "",
    },
    {
      key: "average",
      header: "Avg",
      width: fitting(6.5, (holder) => formatPrice(holder.average_price)),
      numeric: true,
      cell: (holder) => formatPrice(holder.average_price),
    },
    {
      key: "demat",
      header: "In demat",
      width: fitting(6, (holder) => formatQuantity(holder.demat.quantity)),
      numeric: true,
      cell: (holder) => formatQuantity(holder.demat.quantity),
      title: (holder) => holder.demat.reason ?? `Read ${formatMoment(holder.demat.read_at)}`,
    },
    {
      key: "read",
      header: "Read",
      width: "9.5rem",
      cell: (holder) => <ReadAt holder={holder} isBefore={before.has(holder.client_id)} />,
      title: (holder) => holder.reason ?? `Read ${formatMoment(holder.read_at)}`,
    },
  ];
  return onSelect === null ? facts : [selection(given, onSelect), ...facts];
}

const SIDES: Record<Exclude<HolderKind, "position">, string> = {
  unknown: "? not known",
  demat: "Stock",
  nothing: "—",
};

function sideWords(holder: Holder, tradeType: TradeType | null): string {
  const kind = kindOf(holder, tradeType);
  if (kind !== "position") return SIDES[kind];
  const legs = legsOf(holder, tradeType);
  if (legs.every(({ held }) => held > 0)) return "Long";
  return legs.every(({ held }) => held < 0) ? "Short" : "Both";
}

/** One product: its units. Several: each by its name. */
function positionWords(holder: Holder, tradeType: TradeType | null): string {
  if (holder.net_quantity === null) return "?";
  const legs = legsOf(holder, tradeType);
  if (legs.length === 0) return "0";
  return legs
    .map(({ product, held }) =>
      legs.length === 1 && product === "DELIVERY"
        ? formatSignedQuantity(held)
        : `${productName(product)} ${formatSignedQuantity(held)}`,
    )
    .join(", ");
}

function exitWords(holder: Holder, tradeType: TradeType | null): string {
  const kind = kindOf(holder, tradeType);
  if (kind === "unknown") return "read, then exit";
  const legs = legsOf(holder, tradeType).map(({ held }) => `${closingSide(held)} ${formatQuantity(Math.abs(held))}`);
  if (legs.length === 0) return "SELL stock";
  return [...legs, ...(dematOf(holder, tradeType) > 0 ? ["stock"] : [])].join(", "); // one client's exit sells both
}

function workingWords(orders: readonly Order[] | undefined): string {
  const [first] = orders ?? [];
  if (orders === undefined || first === undefined) return "0";
  const units = orders.reduce((total, order) => total + order.quantity - order.filled_quantity, 0);
  return `${isAnyUnknown(orders) ? "? unknown" : "◌"} ${first.side} ${formatQuantity(units)}`;
}

function isAnyUnknown(orders: readonly Order[]): boolean {
  return orders.some((order) => order.status === "unknown");
}

function Working({ orders }: { orders: readonly Order[] | undefined }) {
  const [first] = orders ?? [];
  const words = workingWords(orders);
  if (orders === undefined || first === undefined) return <>{words}</>;
  return (
    <Link href={`/orders?token=${first.exchange}:${first.symbol_token}&client=${first.client_id}`}>
      <span className={isAnyUnknown(orders) ? "text-unknown underline" : "text-warning underline"}>{words}</span>
    </Link>
  );
}

function ReadAt({ holder, isBefore }: { holder: Holder; isBefore: boolean }) {
  if (holder.read_at === null) return <span className="text-unknown">? never read</span>;
  if (isBefore) return <span className="text-warning italic">⚠ before the exit</span>;
  return (
    <span className={holder.stale ? "text-warning italic" : ""}>
      {holder.stale ? "⚠ stale, " : ""}
      <Age at={holder.read_at} /> ago
    </span>
  );
}

function selection(
  { rows, selected }: HolderColumns,
  onSelect: (selected: ReadonlySet<string>) => void,
): Column<Holder> {
  const isAll = rows.length > 0 && rows.every((holder) => selected.has(holder.client_id));
  return {
    key: "select",
    header: (
      <input
        type="checkbox"
        aria-label="Select every client that is shown"
        checked={isAll}
        disabled={rows.length === 0}
        onChange={() => onSelect(new Set(isAll ? [] : rows.map((holder) => holder.client_id)))}
        className="size-4 align-middle"
      />
    ),
    width: "2.25rem",
    cell: (holder) => (
      <input
        type="checkbox"
        aria-label={`Select ${holder.mofsl_client_code}`}
        checked={selected.has(holder.client_id)}
        onChange={() => {
          const next = new Set(selected);
          if (!next.delete(holder.client_id)) next.add(holder.client_id);
          onSelect(next);
        }}
        className="size-4 align-middle"
      />
    ),
  };
}
