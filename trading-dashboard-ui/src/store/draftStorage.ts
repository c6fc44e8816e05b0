/**
 * What a person has typed and not sent, kept for this tab (sessionStorage) under their id: it survives a reload, a crash
 * and a session that ends, and nobody else who signs in here sees it. Never sent by itself.
 */
import * as v from "valibot";

const PREFIX = "desk.draft.";

export interface Draft<T> {
  value: T;
  /** Milliseconds since 1970. */
  savedAt: number;
}

export function writeDraft(userId: string, name: string, value: unknown): void {
  sessionStorage.setItem(`${PREFIX}${userId}.${name}`, JSON.stringify({ value, savedAt: Date.now() }));
}

/** Null where there is none, or one that this version cannot read. */
export function readDraft<S extends v.GenericSchema>(
  userId: string,
  name: string,
  schema: S,
): Draft<v.InferOutput<S>> | null {
  const text = sessionStorage.getItem(`${PREFIX}${userId}.${name}`);
  if (text === null) return null;
  try {
    const read = v.safeParse(v.object({ value: schema, savedAt: v.number() }), JSON.parse(text));
    return read.success ? (read.output as Draft<v.InferOutput<S>>) : null;
  } catch {
    return null;
  }
}

export function clearDraft(userId: string, name: string): void {
  sessionStorage.removeItem(`${PREFIX}${userId}.${name}`);
}

/** Everybody's, in this tab. */
export function clearDrafts(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
