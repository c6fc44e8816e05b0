import {
  type ColumnDef,
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { checkOf, type TradeContext } from "@/hooks/useTradeFacts";
import { hasWideAmounts } from "@/rules/columnWidths";
import { isFiltered, passes, type RowFilters } from "@/rules/rowFilters";
import type { ClientRow } from "@/services/clients";
import { portfolioStore, usePortfolio } from "@/store/portfolioStore";
import { useKeptColumns, useTableLook } from "@/store/tableStore";
import { tradeStore, useQuantities } from "@/store/tradeStore";
import { type ClientColumn, COLUMNS, fittedTo } from "./columns";

const features = tableFeatures({ rowSortingFeature, columnVisibilityFeature, sortedRowModel: createSortedRowModel() });
type Features = typeof features;

const SORT_AGAIN_MS = 1_000;

export interface RowOrder {
  /** Client ids, as shown from top to bottom. */
  ids: readonly string[];
  columns: readonly ClientColumn[];
  sorting: SortingState;
  sortBy: (columnId: string) => void;
  /** Rows keep their places while quantities are entered: digits must not land on another client. */
  isFrozen: boolean;
  /** Sort once by what is true now, or take in clients that came and went. */
  sortNow: () => void;
  /** The list of clients changed while the rows were frozen. */
  isOutdated: boolean;
}

export function useRowOrder(context: TradeContext, filters: RowFilters): RowOrder {
  const clients = usePortfolio((store) => store.clients);
  const loadedAt = usePortfolio((store) => store.loadedAt);
  const isCellFocused = useTableLook((look) => look.hasFocus);
  const isEntering = useQuantities().size > 0;
  const isFrozen = isEntering || isCellFocused;
  const [sorting, setSorting] = useState<SortingState>([]);
  const [taken, setTaken] = useState<Taken>({ rows: clients, loadedAt, held: context.held });
  const isLive = sorting.some((one) => COLUMNS.find((column) => column.id === one.id)?.isLive);
  const isNew = taken.loadedAt !== loadedAt;
  const hasNewHeld = taken.held !== context.held && sorting.some((one) => one.id === "held");
  if ((isNew && (!isFrozen || taken.rows.length === 0)) || (hasNewHeld && !isFrozen)) {
    setTaken({ rows: clients, loadedAt, held: context.held });
  }

  useEffect(() => {
    if (isFrozen || !isLive) return;
    const timer = setInterval(takeNow, SORT_AGAIN_MS);
    return () => clearInterval(timer);
    function takeNow() {
      setTaken(({ held }) => takenNow(held));
    }
  }, [isFrozen, isLive]);

  const rows = useFilteredRows(taken.rows, filters, context);
  const hidden = useKeptColumns((kept) => kept.hidden);
  const columnVisibility = useMemo(() => Object.fromEntries(hidden.map((id) => [id, false])), [hidden]);
  const columns = useMemo(() => columnsFor(taken.held), [taken.held]);
  const table = useTable<Features, ClientRow>({
    features,
    columns,
    data: rows as ClientRow[],
    getRowId: (row) => row.id,
    state: { sorting, columnVisibility },
    onSortingChange: setSorting,
    enableSortingRemoval: true,
  });
  const sorted = table.getRowModel().rows;
  const ids = useMemo(() => sorted.map((row) => row.id), [sorted]);
  const isWide = usePortfolio(hasWideAmounts);
  const shownColumns = useMemo(
    () => COLUMNS.filter((one) => one.needed || !hidden.includes(one.id)).map((one) => fittedTo(one, isWide)),
    [hidden, isWide],
  );

  return {
    ids,
    columns: shownColumns,
    sorting,
    sortBy: (columnId) => table.getColumn(columnId)?.toggleSorting(),
    isFrozen,
    sortNow: () => setTaken(takenNow(context.held)),
    isOutdated: isFrozen && isNew && taken.rows.length > 0 && hasOtherClients(taken.rows, clients),
  };
}

/** What the order is made of: it stays as it is while the order is frozen, whatever changes meanwhile. */
interface Taken {
  rows: readonly ClientRow[];
  loadedAt: number;
  held: TradeContext["held"];
}

function takenNow(held: TradeContext["held"]): Taken {
  const { clients, loadedAt } = portfolioStore.getState();
  return { rows: clients.slice(), loadedAt, held };
}

function columnsFor(held: TradeContext["held"]): ColumnDef<Features, ClientRow>[] {
  return COLUMNS.map((column) => {
    const { sort } = column;
    return sort === undefined
      ? { id: column.id, enableSorting: false, enableHiding: !column.needed }
      : {
          id: column.id,
          enableHiding: !column.needed,
          accessorFn: (row: ClientRow) => sort(row, held) ?? undefined,
          sortFn: (left, right, id) => compare(left.getValue(id), right.getValue(id)),
          sortUndefined: "last",
        };
  });
}

function compare(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return collator.compare(String(left), String(right));
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function hasOtherClients(known: readonly ClientRow[], now: readonly ClientRow[]): boolean {
  if (known.length !== now.length) return true;
  const ids = new Set(known.map((row) => row.id));
  return now.some((row) => !ids.has(row.id));
}

/**
 * A row that once passed "with quantity" or "failing" stays until the filter changes: it must not vanish from under the
 * hands of who is correcting it.
 */
function useFilteredRows(rows: readonly ClientRow[], filters: RowFilters, context: TradeContext): readonly ClientRow[] {
  const watchesEntries = filters.onlyWithQuantity || filters.onlyFailing;
  const quantities = useDeferredValue(useQuantities());
  const [kept, setKept] = useState<{ filters: RowFilters; ids: ReadonlySet<string> }>({ filters, ids: new Set() });
  const entries = watchesEntries ? quantities : null;
  const facts = filters.onlyFailing ? context : null;
  const passing = useMemo(() => {
    if (!isFiltered(filters)) return rows;
    const known = entries ?? tradeStore.getState().history.present;
    return rows.filter((row) =>
      passes(row, filters, known, (id) => (facts === null ? null : checkOf(facts, known.get(id) ?? null, row))),
    );
  }, [rows, filters, entries, facts]);

  const isSame = kept.filters === filters;
  const missing = watchesEntries && passing.some((row) => !isSame || !kept.ids.has(row.id));
  if (!isSame || missing) {
    setKept({ filters, ids: new Set([...(isSame ? kept.ids : []), ...passing.map((row) => row.id)]) });
  }
  return useMemo(
    () => (watchesEntries && isSame ? rows.filter((row) => kept.ids.has(row.id)) : passing),
    [watchesEntries, isSame, rows, kept, passing],
  );
}
