/** The symbols that one person pinned or used last, in this browser. */
import * as v from "valibot";
import { createStore, useStore } from "zustand";
import { type Instrument, instrument } from "@/services/tokens";

interface Symbols {
  pinned: readonly Instrument[];
  recent: readonly Instrument[];
}

const MOST_RECENT = 8;
const schema = v.object({ pinned: v.array(instrument), recent: v.array(instrument) });
const NONE: Symbols = { pinned: [], recent: [] };

const store = createStore<{ userId: string | null } & Symbols>(() => ({ userId: null, ...NONE }));

function read(userId: string): Symbols {
  try {
    const found = v.safeParse(schema, JSON.parse(localStorage.getItem(keyOf(userId)) ?? "null"));
    return found.success ? found.output : NONE;
  } catch {
    return NONE;
  }
}

const keyOf = (userId: string) => `desk.symbols.${userId}`;

function keep(userId: string, change: (known: Symbols) => Symbols): void {
  const next = change(read(userId)); // another tab may have added some
  localStorage.setItem(keyOf(userId), JSON.stringify({ pinned: next.pinned, recent: next.recent }));
  store.setState({ userId, ...next });
}

const without = (known: readonly Instrument[], id: string) => known.filter((one) => one.id !== id);

export function rememberSymbol(userId: string, used: Instrument): void {
  keep(userId, ({ pinned, recent }) => ({ pinned, recent: [used, ...without(recent, used.id)].slice(0, MOST_RECENT) }));
}

export function pinSymbol(userId: string, one: Instrument, isPinned: boolean): void {
  keep(userId, ({ pinned, recent }) => ({
    pinned: isPinned ? [...without(pinned, one.id), one] : without(pinned, one.id),
    recent,
  }));
}

/** Pinned first, then the latest used, each once. */
export function useSymbols(userId: string): Symbols {
  if (store.getState().userId !== userId) store.setState({ userId, ...read(userId) });
  return useStore(store);
}
