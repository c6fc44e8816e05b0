/** An order's life and a change of its terms, in a person's words. */
import { amountOf, formatPrice, formatQuantity } from "@/format";
import type { Order, OrderDetail } from "@/services/orders";

type OrderEvent = OrderDetail["events"][number];

const OPERATIONS: Record<string, string> = { cancel: "Cancel", modify: "Change" };
const STEPS: Record<string, string> = {
  requested: "asked for",
  sent: "sent to the broker",
  done: "in force",
  refused: "refused",
  unknown: "sent, and the answer was lost",
  not_in_book: "not in the broker's book: not in force",
};
const DECISIONS: Record<string, string> = {
  decided_keep: "A person decided: keep checking",
  decided_placed: "A person decided: it was placed",
  decided_not_placed: "A person decided: it was not placed",
};
const SOURCES: Record<string, string> = {
  answer: "the broker's answer",
  book: "the broker's book",
  stream: "the broker's order stream",
  recovery: "the desk, after a restart",
  person: "a person",
  desk: "the desk",
};

/** What the event's code says: "Change asked for"; a code without words of its own reads as a plain phrase. */
export function codeWords(code: string): string {
  const [operation = "", ...rest] = code.split("_");
  const step = STEPS[rest.join("_")];
  const name = OPERATIONS[operation];
  if (name !== undefined && step !== undefined) return `${name} ${step}`;
  return DECISIONS[code] ?? sentenceCase(code.replaceAll("_", " "));
}

export function sourceWords(source: string): string {
  return SOURCES[source] ?? source.replaceAll("_", " ");
}

/** The code's words, then what the server tells of it. */
export function eventWords(event: Pick<OrderEvent, "code" | "detail">): string {
  return [event.code === null ? null : codeWords(event.code), event.detail].filter(Boolean).join(": ");
}

export function newestFirst(events: readonly OrderEvent[]): readonly OrderEvent[] {
  return events.toReversed();
}

type Terms = Pick<Order, "quantity" | "price" | "trigger_price" | "validity" | "order_type" | "wanted_terms">;

/** What the change that is under way would alter, such as "quantity 7 → 9"; empty where none is. */
export function wantedChanges(order: Terms): readonly string[] {
  const wanted = order.wanted_terms;
  if (wanted === null) return [];
  const found: string[] = [];
  const note = (name: string, before: string, after: string) => {
    if (before !== after) found.push(`${name} ${before} → ${after}`);
  };
  note("quantity", formatQuantity(order.quantity), formatQuantity(wanted.quantity));
  note("type", order.order_type, wanted.order_type);
  note("price", formatPrice(order.price), formatPrice(wanted.price));
  note("trigger", triggerWords(order.trigger_price), triggerWords(wanted.trigger_price));
  note("validity", order.validity, wanted.validity);
  return found;
}

/** The broker writes "no trigger" as 0. */
function triggerWords(trigger: string | null): string {
  return trigger === null || amountOf(trigger) === 0n ? "none" : formatPrice(trigger);
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
