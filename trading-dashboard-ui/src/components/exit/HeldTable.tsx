import { Link } from "wouter";
import { Button, type Column, EmptyState, ErrorNote, Loading, Panel, WindowedTable } from "@/components/ui";
import { formatQuantity, formatSignedQuantity } from "@/format";
import type { useHeldInstruments } from "@/hooks/useExits";
import { leastTableWidth, wordWidth } from "@/rules/columnWidths";
import type { HeldInstrument } from "@/services/exits";

const LEAST_SYMBOL_REM = 8;

const COLUMNS: readonly Column<HeldInstrument>[] = [
  {
    key: "symbol",
    header: "Instrument",
    width: "auto",
    isRowHeader: true,
    cell: (one) => (
      <Link href={`/exit/${one.id}`} className="font-medium text-accent underline">
        {one.symbol}
      </Link>
    ),
    title: (one) => `${one.symbol} (${one.id})`,
  },
  { key: "exchange", header: "Exchange", width: "6rem", cell: (one) => one.exchange },
  { key: "holders", header: "Clients", width: "6rem", numeric: true, cell: (one) => formatQuantity(one.holders) },
  { key: "long", header: "Long", width: "8rem", numeric: true, cell: (one) => formatQuantity(one.long_quantity) },
  { key: "short", header: "Short", width: "8rem", numeric: true, cell: (one) => formatQuantity(one.short_quantity) },
  { key: "net", header: "Net", width: "8rem", numeric: true, cell: (one) => formatSignedQuantity(one.net_quantity) },
  {
    key: "demat",
    header: "In demat",
    width: "8rem",
    numeric: true,
    cell: (one) => formatQuantity(one.demat_quantity),
  },
];

/** Everything that anybody holds: where an exit begins. */
export function HeldTable({ found }: { found: ReturnType<typeof useHeldInstruments> }) {
  const rows = found.data?.items ?? [];
  const symbols = rows.map((one) => one.symbol); // an option's strike and kind come last
  const unknown = found.data?.unknown ?? 0;
  return (
    <Panel
      title={found.data ? `What clients hold: ${formatQuantity(found.data.total)} instruments` : "What clients hold"}
      className="min-h-0 grow"
      actions={
        <Button size="small" onClick={() => void found.refetch()}>
          Read again
        </Button>
      }
    >
      {unknown > 0 ? (
        <p className="border-b px-3 py-2 text-sm text-warning">
          ⚠ {formatQuantity(unknown)} clients were never read; what they hold is not known, and not in this list.
        </p>
      ) : null}
      {found.isError ? (
        <div className="p-3">
          <ErrorNote
            title={found.data ? "This could not be read again, and may be old" : "What clients hold could not be read"}
            error={found.error}
            onRetry={() => void found.refetch()}
          />
        </div>
      ) : null}
      {found.isPending ? <Loading what="what clients hold" /> : null}
      {found.data && rows.length === 0 ? (
        <EmptyState title="Of the accounts that were read, none holds anything.">
          Search above for an instrument that somebody bought elsewhere.
        </EmptyState>
      ) : null}
      {rows.length > 0 ? (
        <WindowedTable
          label="Held instruments"
          columns={COLUMNS}
          rows={rows}
          keyOf={(one) => one.id}
          minWidth={leastTableWidth(COLUMNS, Number.parseFloat(wordWidth(symbols, LEAST_SYMBOL_REM)))}
        />
      ) : null}
    </Panel>
  );
}
