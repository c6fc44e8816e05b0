/** The columns of the clients' table. Each cell selects what it shows by the client's id. */
import type { ComponentType } from "react";
import { amountOf } from "@/format";
import type { ClientRow } from "@/services/clients";
import { portfolioStore } from "@/store/portfolioStore";
import { tradeStore } from "@/store/tradeStore";
import {
  CheckCell,
  CodeCell,
  FundsCell,
  GroupsCell,
  HeldCell,
  NameCell,
  OrderCell,
  ProfitCell,
  SelectCell,
  SessionCell,
  ValueCell,
} from "./cells";
import { QuantityCell } from "./QuantityCell";

export interface CellProps {
  clientId: string;
}

export type SortValue = (
  row: ClientRow,
  held: ReadonlyMap<string, number | null> | undefined,
) => string | number | null;

export interface ClientColumn {
  id: string;
  header: string;
  /** Pixels; the name takes what is left over. */
  width: number;
  /** What it needs where any client has amounts of many crores. */
  wide?: number;
  grows?: boolean;
  numeric?: boolean;
  /** Stays in view when the table is scrolled sideways. */
  frozen?: boolean;
  /** Cannot be hidden. */
  needed?: boolean;
  Cell: ComponentType<CellProps>;
  /** Null goes last, whichever way. Changes by itself: `isLive`. */
  sort?: SortValue;
  isLive?: boolean;
}

const money = (text: string | null) => (text === null ? null : Number(amountOf(text)));

export const COLUMNS: readonly ClientColumn[] = [
  { id: "select", header: "Mark", width: 36, frozen: true, needed: true, Cell: SelectCell },
  {
    id: "code",
    header: "Code",
    width: 92,
    frozen: true,
    needed: true,
    Cell: CodeCell,
    sort: (row) => row.mofsl_client_code,
  },
  {
    id: "name",
    header: "Client name",
    width: 150,
    grows: true,
    frozen: true,
    needed: true,
    Cell: NameCell,
    sort: (row) => row.name,
  },
  { id: "groups", header: "Groups", width: 80, Cell: GroupsCell, sort: (row) => row.groups.join(" ") },
  {
    id: "funds",
    header: "Avail. funds",
    width: 120,
    wide: 136,
    numeric: true,
    Cell: FundsCell,
    sort: (row) => money(row.available_funds),
    isLive: true,
  },
  {
    id: "pl",
    header: "P&L",
    width: 124,
    wide: 156,
    numeric: true,
    Cell: ProfitCell,
    sort: (row) => {
      const { plPaise, indexOf } = portfolioStore.getState();
      const paise = plPaise[indexOf.get(row.id) ?? -1] ?? Number.NaN;
      return Number.isNaN(paise) ? null : paise;
    },
    isLive: true,
  },
  {
    id: "held",
    header: "Held",
    width: 88,
    numeric: true,
    Cell: HeldCell,
    sort: (row, held) => held?.get(row.id) ?? null,
  },
  {
    id: "quantity",
    header: "Quantity",
    width: 100,
    numeric: true,
    needed: true,
    Cell: QuantityCell,
    sort: (row) => {
      const cell = tradeStore.getState().history.present.get(row.id);
      return typeof cell === "number" ? cell : null;
    },
  },
  { id: "value", header: "Est. value", width: 128, numeric: true, Cell: ValueCell },
  { id: "check", header: "Check", width: 84, needed: true, Cell: CheckCell },
  { id: "order", header: "Last order", width: 116, Cell: OrderCell },
  { id: "session", header: "Session", width: 96, Cell: SessionCell, sort: (row) => row.session.state },
];

export function templateOf(columns: readonly ClientColumn[]): string {
  return columns.map(({ width, grows }) => (grows ? `minmax(${width}px, 1fr)` : `${width}px`)).join(" ");
}

/** Crores by the hundred need room that would push others off a narrow screen where nobody has them. */
export function fittedTo(column: ClientColumn, isWide: boolean): ClientColumn {
  return isWide && column.wide !== undefined ? { ...column, width: column.wide } : column;
}

/** What the frozen columns cover: nothing that has the focus may lie below them. */
export function frozenWidth(columns: readonly ClientColumn[]): number {
  return columns.reduce((sum, { width, frozen }) => sum + (frozen ? width : 0), 0);
}

/** Where each frozen column sticks, from the left. */
export function leftOf(columns: readonly ClientColumn[], id: string): number {
  let left = 0;
  for (const column of columns) {
    if (column.id === id) break;
    left += column.width;
  }
  return left;
}
