/** What a batch came to, in words and a tone that never say more than its counts. */
import { counted, formatQuantity } from "@/format";
import type { OrderStatus, ResultRow } from "@/services/orderShapes";
import { countsOf, isProblem } from "./orderLife";

export interface BatchOutcome {
  /** Good only where every order is filled; a warning where any is refused, not sent or not known. */
  tone: "good" | "neutral" | "warning";
  /** "2 working · 1 refused" */
  counts: string;
  problems: number;
  /** "1 order is refused, not sent or not known." Empty where none does. */
  advice: string;
}

const WORDS: readonly (readonly [string, readonly OrderStatus[]])[] = [
  ["filled", ["filled"]],
  ["working", ["open", "partially_filled"]],
  ["taken", ["acknowledged"]],
  ["waiting", ["queued", "sending"]],
  ["refused", ["rejected"]],
  ["not sent", ["blocked", "lapsed", "absent"]],
  ["cancelled", ["cancelled"]],
  ["expired", ["expired"]],
  ["not known", ["unknown"]],
];

export function outcomeOf(rows: readonly ResultRow[]): BatchOutcome {
  const byStatus = countsOf(rows);
  const counts = WORDS.flatMap(([word, statuses]) => {
    const orders = statuses.reduce((total, status) => total + (byStatus[status] ?? 0), 0);
    return orders === 0 ? [] : [`${formatQuantity(orders)} ${word}`];
  }).join(" · ");
  const problems = rows.filter(isProblem).length;
  const isAllFilled = rows.length > 0 && byStatus.filled === rows.length;
  return {
    tone: problems > 0 ? "warning" : isAllFilled ? "good" : "neutral",
    counts,
    problems,
    advice: problems === 0 ? "" : `${counted(problems, "order is", "orders are")} refused, not sent or not known.`,
  };
}
