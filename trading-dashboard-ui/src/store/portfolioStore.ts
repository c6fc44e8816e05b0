/**
 * Every client's row and live figures, outside React: a tick replaces one typed array, and a cell selects one number.
 *
 * Rows are in the server's order and never move while a snapshot lives; what refers to a client uses its id. Live
 * figures are whole paise (and milliseconds), NaN where not known.
 */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { amountOf, paiseOf } from "@/format";
import { type ClientRow, readClientRows } from "@/services/clients";
import type { ProfitUpdate } from "@/services/liveFrames";
import { serverNow } from "@/services/serverClock";
import type { Instrument } from "@/services/tokens";

export type LoadingStatus = "idle" | "loading" | "ready" | "failed";

export interface PortfolioStore {
  clients: readonly ClientRow[];
  /** Client id to its place in `clients` and in every array below. */
  indexOf: ReadonlyMap<string, number>;
  loadingStatus: LoadingStatus;
  loadingError: unknown;
  /** When the rows on the screen were asked for, by the server's clock; 0 before. */
  loadedAt: number;
  /** Profit or loss in paise. */
  plPaise: Float64Array;
  /** When each profit was told, in milliseconds since 1970. */
  plAt: Float64Array;
  /** Instruments that were picked here, the latest first. */
  tokens: readonly Instrument[];
  /** Read every row anew. Calls at the same time share one request. */
  fetchClients: () => Promise<void>;
  /** Take live profits; shown with the next frame of the screen, however many came before it. */
  takeProfits: (updates: readonly ProfitUpdate[], at: number) => void;
  /** Take changed funds and sessions. */
  takeRows: (changes: readonly RowChange[]) => void;
  rememberToken: (token: Instrument) => void;
  forget: () => void;
}

export type RowChange = { id: string } & Partial<
  Pick<ClientRow, "available_funds" | "as_of" | "session" | "stale" | "stale_reason" | "pl_stale" | "pl_reason">
>;

const MOST_TOKENS = 12;
const NOTHING = {
  clients: [],
  indexOf: new Map<string, number>(),
  loadingStatus: "idle",
  loadingError: null,
  loadedAt: 0,
  plPaise: new Float64Array(0),
  plAt: new Float64Array(0),
  tokens: [],
} as const satisfies Partial<PortfolioStore>;

let loading: Promise<void> | null = null;
let generation = 0; // a load that ends after `forget` belongs to nobody
let pending: { pl: Float64Array; at: Float64Array } | null = null; // what the next frame will show
let isFrameAsked = false;
let early = new Map<string, { paise: number; at: number }>(); // told before the row is known

export const portfolioStore = createStore<PortfolioStore>()((set, get) => ({
  ...NOTHING,

  fetchClients: () => {
    loading ??= load().finally(() => {
      loading = null;
    });
    return loading;
  },

  takeProfits: (updates, at) => {
    const { indexOf, plPaise, plAt } = get();
    pending ??= { pl: plPaise.slice(), at: plAt.slice() };
    for (const [id, profit] of updates) {
      const index = indexOf.get(id);
      const paise = profit === null ? Number.NaN : paiseOf(profit);
      if (index === undefined) {
        early.set(id, { paise, at });
      } else {
        pending.pl[index] = paise;
        pending.at[index] = at;
      }
    }
    showSoon();
  },

  takeRows: (changes) => {
    const { clients, indexOf } = get();
    const changed = clients.slice();
    for (const { id, ...change } of changes) {
      const index = indexOf.get(id);
      const known = index === undefined ? undefined : changed[index];
      if (index !== undefined && known !== undefined) changed[index] = { ...known, ...change };
    }
    set({ clients: changed });
  },

  rememberToken: (token) => {
    set(({ tokens }) => ({
      tokens: [token, ...tokens.filter((known) => known.id !== token.id)].slice(0, MOST_TOKENS),
    }));
  },

  forget: () => {
    generation += 1;
    pending = null;
    early = new Map();
    set(NOTHING);
  },
}));

async function load(): Promise<void> {
  const mine = generation;
  const askedAt = serverNow();
  portfolioStore.setState({ loadingStatus: "loading" });
  try {
    const rows = await readClientRows();
    if (mine === generation) showRows(rows, askedAt);
  } catch (error) {
    if (mine === generation) portfolioStore.setState({ loadingStatus: "failed", loadingError: error });
  }
}

/** A profit that was told after the rows were asked for is newer than theirs. */
function showRows(rows: readonly ClientRow[], askedAt: number): void {
  showNow();
  const before = portfolioStore.getState();
  const plPaise = new Float64Array(rows.length);
  const plAt = new Float64Array(rows.length);
  const indexOf = new Map<string, number>();
  rows.forEach((row, index) => {
    indexOf.set(row.id, index);
    const known = before.indexOf.get(row.id);
    const told = early.get(row.id) ?? {
      paise: known === undefined ? Number.NaN : (before.plPaise[known] ?? Number.NaN),
      at: known === undefined ? 0 : (before.plAt[known] ?? 0),
    };
    const isNewer = told.at >= askedAt;
    plPaise[index] = isNewer ? told.paise : row.pl === null ? Number.NaN : paiseOfText(row.pl);
    plAt[index] = isNewer ? told.at : row.as_of === null ? 0 : Date.parse(row.as_of);
  });
  early = new Map();
  portfolioStore.setState({
    clients: rows,
    indexOf,
    plPaise,
    plAt,
    loadingStatus: "ready",
    loadingError: null,
    loadedAt: askedAt,
  });
}

/** Rounded as `Intl` rounds what is shown: half away from zero. */
function paiseOfText(text: string): number {
  const amount = amountOf(text);
  const size = ((amount < 0n ? -amount : amount) + 50n) / 100n;
  return Number(amount < 0n ? -size : size);
}

/** A hidden page draws no frames: there the newest figures wait, in one array, until it is looked at again. */
function showSoon(): void {
  if (isFrameAsked) return;
  isFrameAsked = true;
  requestAnimationFrame(() => {
    isFrameAsked = false;
    showNow();
  });
}

/** Show what came at once; for tests, and before anything that replaces the arrays. */
export function showNow(): void {
  if (pending === null) return;
  const { pl, at } = pending;
  pending = null;
  portfolioStore.setState({ plPaise: pl, plAt: at });
}

/** Select narrowly: `usePortfolio((store) => store.plPaise[index])`. */
export function usePortfolio<T>(select: (store: PortfolioStore) => T): T {
  return useStore(portfolioStore, select);
}

/** One client's live profit in paise; NaN where not known. */
export function useClientProfit(clientId: string): number {
  return usePortfolio((store) => store.plPaise[store.indexOf.get(clientId) ?? -1] ?? Number.NaN);
}
