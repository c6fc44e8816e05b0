/** How the clients' table is looked at: what is filtered and paused now, and the columns that a person keeps. */
import { create } from "zustand";
import { persist } from "zustand/middleware";
import { NO_FILTERS, type RowFilters } from "@/rules/rowFilters";
import { serverNow } from "@/services/serverClock";
import { portfolioStore } from "./portfolioStore";

interface Paused {
  /** By the server's clock. */
  at: number;
  plPaise: Float64Array;
  indexOf: ReadonlyMap<string, number>;
}

interface TableLook {
  filters: RowFilters;
  /** Figures as they were when somebody paused them; null: live. */
  paused: Paused | null;
  /** The row whose quantity has the one tab stop. */
  activeId: string | null;
  hasFocus: boolean;
  filter: (change: Partial<RowFilters>) => void;
  togglePause: () => void;
}

export const useTableLook = create<TableLook>()((set, get) => ({
  filters: NO_FILTERS,
  paused: null,
  activeId: null,
  hasFocus: false,
  filter: (change) => set(({ filters }) => ({ filters: { ...filters, ...change } })),
  togglePause: () => {
    const { plPaise, indexOf } = portfolioStore.getState();
    set({ paused: get().paused === null ? { at: serverNow(), plPaise, indexOf } : null });
  },
}));

interface KeptColumns {
  hidden: readonly string[];
  toggle: (columnId: string) => void;
}

export const useKeptColumns = create<KeptColumns>()(
  persist(
    (set) => ({
      hidden: [],
      toggle: (columnId) =>
        set(({ hidden }) => ({
          hidden: hidden.includes(columnId) ? hidden.filter((id) => id !== columnId) : [...hidden, columnId],
        })),
    }),
    { name: "desk.columns.clients", version: 1 },
  ),
);
