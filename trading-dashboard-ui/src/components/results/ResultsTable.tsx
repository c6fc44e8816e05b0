import { useMemo } from "react";
import { Link } from "wouter";
import { Age, type Column, EXIT_VERDICT, type Look, ORDER_STATUS, StatusBadge, WindowedTable } from "@/components/ui";
import { formatMoment, formatPrice, formatQuantity, formatTime } from "@/format";
import { useClientCodes } from "@/hooks/useClientCodes";
import { figureWidth, leastTableWidth } from "@/rules/columnWidths";
import { hasJoined, heldNothing, keyOf } from "@/rules/orderLife";
import { productName } from "@/rules/products";
import type { ResultRow } from "@/services/orderShapes";

interface ResultsTableProps {
  rows: readonly ResultRow[];
  /** An exit's rows say what was held and whether it is proven gone. */
  isExit?: boolean;
  className?: string;
}

/** One row per client order, as the server last said. */
export function ResultsTable({ rows, isExit = false, className = "" }: ResultsTableProps) {
  const columns = useMemo(
    () => (isExit ? EXIT_COLUMNS : COLUMNS).map((column) => fitted(column, rows)),
    [isExit, rows],
  );
  return (
    <WindowedTable
      label="Results"
      columns={columns}
      rows={rows}
      keyOf={keyOf}
      minWidth={leastTableWidth(columns, isExit ? LEAST_EXIT_REASON_REM : LEAST_REASON_REM)}
      className={className}
    />
  );
}

const LEAST_REASON_REM = 7;
const LEAST_EXIT_REASON_REM = 12;
const CHECKING_WIDTH = "9.5rem"; // "checking 119 min"

/** A column of figures is as wide as its longest one: a figure is never cut. */
function fitted(column: Column<ResultRow>, rows: readonly ResultRow[]): Column<ResultRow> {
  const figure = column.key in FIGURES ? FIGURES[column.key as keyof typeof FIGURES] : undefined;
  if (column.key === "state" && rows.some(({ status }) => status === "unknown")) {
    return { ...column, width: CHECKING_WIDTH };
  }
  if (figure === undefined) return column;
  return { ...column, width: figureWidth(rows.map(figure), Number.parseFloat(column.width)) };
}

const MAY_BE_AT_BROKER: ReadonlySet<ResultRow["status"]> = new Set(["sending", "unknown"]);

const FIGURES = {
  quantity: (row: ResultRow) => formatQuantity(row.quantity),
  filled: (row: ResultRow) =>
    MAY_BE_AT_BROKER.has(row.status) && row.filled_quantity === 0 ? "?" : formatQuantity(row.filled_quantity),
  average: (row: ResultRow) => formatPrice(row.average_price),
  held: (row: ResultRow) => formatQuantity(row.exit?.held),
  remaining: (row: ResultRow) => formatQuantity(row.exit?.remaining),
};

/** Columns by their names; each kind of batch shows them in an order of its own. */
const COLUMN = {
  code: {
    key: "code",
    header: "Code",
    width: "6.5rem",
    isRowHeader: true,
    cell: (row) => <Code row={row} />,
  },
  client: {
    key: "client",
    header: "Client",
    width: "11rem",
    cell: (row) => (
      <Link href={`/clients/${row.client_id}`} className="hover:underline">
        {row.client_name || row.client_id}
      </Link>
    ),
    title: (row) => row.client_name || row.client_id,
  },
  side: { key: "side", header: "Side", width: "3.5rem", cell: (row) => row.side ?? "—" },
  quantity: {
    key: "quantity",
    header: "Qty",
    width: "5rem",
    numeric: true,
    cell: FIGURES.quantity,
  },
  filled: {
    key: "filled",
    header: "Filled",
    width: "5rem",
    numeric: true,
    cell: FIGURES.filled,
  },
  average: {
    key: "average",
    header: "Avg",
    width: "6rem",
    numeric: true,
    cell: FIGURES.average,
  },
  state: { key: "state", header: "State", width: "8.5rem", cell: (row) => <State row={row} /> },
  broker: {
    key: "broker",
    header: "Broker id",
    width: "9rem",
    cell: (row) => (row.broker_order_id ? <span className="font-mono text-xs">{row.broker_order_id}</span> : "—"),
    title: (row) => row.broker_order_id ?? "",
  },
  reason: {
    key: "reason",
    header: "Reason",
    width: "auto",
    cell: (row) => <Reason row={row} />,
    title: (row) => [row.message, row.code, row.attention].filter(Boolean).join(" · "),
  },
  time: {
    key: "time",
    header: "Time",
    width: "5.5rem",
    numeric: true,
    cell: (row) =>
      row.order_id ? (
        <Link href={`/orders?order=${row.order_id}`} className="hover:underline">
          {formatTime(row.updated_at)}
        </Link>
      ) : (
        formatTime(row.updated_at)
      ),
    title: (row) => formatMoment(row.updated_at),
  },
  product: {
    key: "product",
    header: "Product",
    width: "6rem",
    cell: (row) => (row.product ? productName(row.product) : "—"),
    title: (row) => row.product ?? "",
  },
  held: { key: "held", header: "Held", width: "5rem", numeric: true, cell: FIGURES.held },
  remaining: {
    key: "remaining",
    header: "Remaining",
    width: "5.5rem",
    numeric: true,
    cell: FIGURES.remaining,
  },
  verdict: { key: "verdict", header: "Verdict", width: "12.5rem", cell: (row) => <Verdict row={row} /> },
} satisfies Record<string, Column<ResultRow>>;

const { code, client, side, quantity, filled, average, state, broker, reason, time } = COLUMN;
const COLUMNS: readonly Column<ResultRow>[] = [
  code,
  client,
  side,
  quantity,
  filled,
  average,
  state,
  broker,
  reason,
  time,
];
/** What is proven comes before how it was done. */
const EXIT_COLUMNS: readonly Column<ResultRow>[] = [
  code,
  client,
  side,
  COLUMN.product,
  COLUMN.held,
  filled,
  COLUMN.remaining,
  COLUMN.verdict,
  state,
  reason,
  average,
  broker,
  time,
];

/** The server names no code where it sent nothing. */
function Code({ row }: { row: ResultRow }) {
  const codeOf = useClientCodes();
  return <strong className="font-medium">{row.client_code || codeOf(row.client_id) || "—"}</strong>;
}

const JOINED: Look = {
  label: "joined",
  tone: "progress",
  glyph: "⇥",
  meaning: "An exit of this client already ran; no second order went out, and its end decides this one.",
};
const NOTHING_HELD: Look = {
  label: "nothing held",
  tone: "neutral",
  glyph: "✓",
  meaning: "A good read showed nothing to exit, so nothing was sent.",
};

function State({ row }: { row: ResultRow }) {
  if (hasJoined(row)) return <StatusBadge look={JOINED} />;
  if (heldNothing(row)) return <StatusBadge look={NOTHING_HELD} />;
  const look = ORDER_STATUS[row.status];
  if (row.status !== "unknown") return <StatusBadge look={look} />;
  return (
    <StatusBadge look={look}>
      checking <Age at={row.sent_at ?? row.updated_at} />
    </StatusBadge>
  );
}

function Reason({ row }: { row: ResultRow }) {
  const hasReason = row.code !== null || row.success !== true || row.status === "cancelled" || row.status === "expired";
  return (
    <>
      {row.attention ? <strong className="text-warning">⚠ {row.attention} </strong> : null}
      {hasReason ? row.message : "—"}
      {hasReason && row.code ? <code className="ml-1 text-xs text-ink-soft">{row.code}</code> : null}
    </>
  );
}

const READ_WORDS = { flat: "read", reduced: "read", cannot_tell: "tried", running: "" } as const;

/** With the read that proves it, and its time. */
function Verdict({ row }: { row: ResultRow }) {
  if (!row.exit) return "—";
  const { verdict, read_at: readAt } = row.exit;
  return (
    <>
      <StatusBadge look={EXIT_VERDICT[verdict]} />{" "}
      <span className="text-xs text-ink-soft" title={formatMoment(readAt)}>
        {verdict === "running" || readAt === null ? "not read yet" : `${READ_WORDS[verdict]} ${formatTime(readAt)}`}
      </span>
    </>
  );
}
