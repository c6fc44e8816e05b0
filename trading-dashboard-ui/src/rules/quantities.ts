/** Quantities by client id, never by row: what was typed, and the steps back. */
import { parseQuantity } from "@/format";

/** Units, above zero; or the text that somebody typed and that is no quantity. */
export type Cell = number | string;
/** Clients without an entry have no quantity. */
export type Quantities = ReadonlyMap<string, Cell>;

/** Null for nothing: empty text and zero both mean that this client gets none. */
export function cellOf(text: string): Cell | null {
  const parsed = parseQuantity(text);
  if (!parsed.ok) return text.trim().slice(0, 40);
  return parsed.quantity === null || parsed.quantity === 0 ? null : parsed.quantity;
}

export type Changes = Iterable<readonly [clientId: string, cell: Cell | null]>;

/** Returns the same map where nothing changes. */
export function withChanges(quantities: Quantities, changes: Changes): Quantities {
  let next: Map<string, Cell> | null = null;
  for (const [id, cell] of changes) {
    const known = (next ?? quantities).get(id) ?? null;
    if (known === cell) continue;
    next ??= new Map(quantities);
    if (cell === null) next.delete(id);
    else next.set(id, cell);
  }
  return next ?? quantities;
}

export interface History {
  past: readonly Quantities[];
  present: Quantities;
  future: readonly Quantities[];
  /** Changes that follow each other under one mark, such as the digits of one number, are one step. */
  mark: string | null;
}

const MOST_STEPS = 50;

export function startHistory(present: Quantities = new Map()): History {
  return { past: [], present, future: [], mark: null };
}

export function changed(history: History, present: Quantities, mark: string | null = null): History {
  if (present === history.present) return history;
  const isSameStep = mark !== null && mark === history.mark;
  const past = isSameStep ? history.past : [...history.past, history.present].slice(-MOST_STEPS);
  return { past, present, future: [], mark };
}

export function undone(history: History): History {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], mark: null };
}

export function redone(history: History): History {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.present], present: after, future, mark: null };
}
