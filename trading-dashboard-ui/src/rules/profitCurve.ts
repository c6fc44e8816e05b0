/** A profit over time, from what was told live. Whole paise; null where it was not known. */
export interface ProfitPoint {
  /** Milliseconds since 1970, by the server's clock. */
  at: number;
  paise: number | null;
}

const STEP_MS = 1_000;
const MOST_POINTS = 3_600;

/** Returns the same points where this one says nothing new; thins a long curve. */
export function withPoint(points: readonly ProfitPoint[], point: ProfitPoint): readonly ProfitPoint[] {
  const last = points.at(-1);
  if (last !== undefined && (point.at - last.at < STEP_MS || point.at <= last.at)) return points;
  if (last === undefined && point.paise === null) return points;
  const next = [...points, point];
  return next.length <= MOST_POINTS ? next : thinned(next);
}

/** Every second point goes, but the first and the last. */
function thinned(points: readonly ProfitPoint[]): readonly ProfitPoint[] {
  return points.filter((_point, index) => index % 2 === 0 || index === points.length - 1);
}

export interface CurveFacts {
  from: number;
  until: number;
  first: number;
  last: number;
  lowest: number;
  highest: number;
}

/** Null before there are two known points. */
export function curveFacts(points: readonly ProfitPoint[]): CurveFacts | null {
  const known = points.flatMap(({ at, paise }) => (paise === null ? [] : [{ at, paise }]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < 2) return null;
  let [lowest, highest] = [first.paise, first.paise];
  for (const { paise } of known) {
    lowest = Math.min(lowest, paise);
    highest = Math.max(highest, paise);
  }
  return { from: first.at, until: last.at, first: first.paise, last: last.paise, lowest, highest };
}
