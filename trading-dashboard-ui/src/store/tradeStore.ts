/** The trade being prepared on the dashboard: the ticket, every client's quantity, which rows are marked. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import {
  type Cell,
  type Changes,
  cellOf,
  changed,
  type History,
  type Quantities,
  redone,
  startHistory,
  undone,
  withChanges,
} from "@/rules/quantities";
import { EMPTY_TICKET, type Ticket } from "@/rules/ticket";
import { useSession } from "./sessionStore";

export interface TradeStore {
  ticket: Ticket;
  history: History;
  selected: ReadonlySet<string>;
  changeTicket: (change: (ticket: Ticket) => Ticket) => void;
  /** What was typed for one client; the letters of one entry are one step back. */
  typeQuantity: (clientId: string, text: string) => void;
  /** One step back for all of it. */
  changeQuantities: (changes: Changes) => void;
  undo: () => void;
  redo: () => void;
  select: (clientIds: Iterable<string>, isSelected: boolean) => void;
  /** After a batch went out side and quantities are gone, so that a second Enter has nothing to send. */
  clearAfterBatch: () => void;
  restore: (ticket: Ticket, quantities: Quantities) => void;
  forget: () => void;
}

const NOTHING = { ticket: EMPTY_TICKET, history: startHistory(), selected: new Set<string>() } as const;

export const tradeStore = createStore<TradeStore>()((set, get) => {
  const setHistory = (history: History) => {
    if (history !== get().history) set({ history });
  };
  return {
    ...NOTHING,
    changeTicket: (change) => set(({ ticket }) => ({ ticket: change(ticket) })),
    typeQuantity: (clientId, text) => {
      const { history } = get();
      setHistory(changed(history, withChanges(history.present, [[clientId, cellOf(text)]]), `type ${clientId}`));
    },
    changeQuantities: (changes) => {
      const { history } = get();
      setHistory(changed(history, withChanges(history.present, changes)));
    },
    undo: () => setHistory(undone(get().history)),
    redo: () => setHistory(redone(get().history)),
    select: (clientIds, isSelected) => {
      const selected = new Set(get().selected);
      for (const id of clientIds) {
        if (isSelected) selected.add(id);
        else selected.delete(id);
      }
      set({ selected });
    },
    clearAfterBatch: () =>
      set(({ ticket }) => ({
        ticket: { ...ticket, side: null },
        history: startHistory(),
        selected: new Set<string>(),
      })),
    restore: (ticket, quantities) => set({ ticket, history: startHistory(quantities) }),
    forget: () => set(NOTHING),
  };
});

useSession.subscribe(({ session }) => {
  if (session.status === "signed-out") tradeStore.getState().forget();
});

/** Select narrowly: one cell, one field. */
export function useTrade<T>(select: (store: TradeStore) => T): T {
  return useStore(tradeStore, select);
}

export function useCell(clientId: string): Cell | null {
  return useTrade((store) => store.history.present.get(clientId) ?? null);
}

export function useTicket(): Ticket {
  return useTrade((store) => store.ticket);
}

export function useQuantities(): Quantities {
  return useTrade((store) => store.history.present);
}
