/** Figures and their goals, as measurements hand them to the reporter. */
import type { TestInfo } from "@playwright/test";
import { BUSY_ABOVE } from "./machine.ts";

export interface Figure {
  name: string;
  unit: string;
  value: number;
  /** The most that it may be; null where it is for the reader only. */
  most: number | null;
  /** Of a figure by the wall's clock: how busy the machine was with other work meanwhile (`slowdown`). */
  slowdown?: number;
  note?: string;
}

export const ANNOTATION = "figure";

export function record(info: TestInfo, figure: Figure): void {
  info.annotations.push({ type: ANNOTATION, description: JSON.stringify(figure) });
}

/** Keep the quietest of some rounds: what else happens on the machine adds to a figure, and never takes from it. */
export function recordBest(info: TestInfo, figure: Omit<Figure, "value">, rounds: readonly number[]): void {
  const all = rounds.map((round) => shown(round)).join(", ");
  record(info, {
    ...figure,
    value: Math.min(...rounds),
    note: `best of ${all}${figure.note ? `; ${figure.note}` : ""}`,
  });
}

export type Verdict = "" | "met" | "MISSED" | "not judged";

/** The wall's clock cannot convict the dashboard on a machine that was busy with something else; it can acquit it. */
export function verdictOf({ value, most, slowdown }: Figure): Verdict {
  if (most === null) return "";
  if (value <= most) return "met";
  return slowdown !== undefined && slowdown > BUSY_ABOVE ? "not judged" : "MISSED";
}

/** The smallest value that `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
