import { PlanEstimate } from "@/components/PlanEstimate";
import { Money } from "@/components/ui";
import { formatPrice, formatQuantity } from "@/format";
import { calledClient, isOk, largest, mustTypeTotal } from "@/rules/confirmation";
import type { Plan } from "@/services/orderShapes";
import { SAFETY } from "@/store/safety";
import { isTyped } from "./TypedConfirm";

/** A preview says what was true then; after this it must be asked again. */
export const PREVIEW_LASTS_MS = 60_000;

/** Whether the total was typed, or need not be. */
export function isTotalTyped(plan: Plan, typed: string): boolean {
  return !mustTypeTotal(plan, SAFETY) || isTyped(typed, String(plan.summary.total_quantity));
}

/** What a preview came to: sums, the largest clients, and what would be left out, with the reasons. */
export function PlanSummary({ plan, codeOf }: { plan: Plan; codeOf: (clientId: string) => string }) {
  const ok = plan.results.filter(isOk);
  const blocked = plan.results.filter((row) => !isOk(row));
  const shares = largest(plan.results.filter(isOk));
  return (
    <div className="flex flex-col gap-2 text-sm">
      <p className="text-base">
        <strong>{formatQuantity(ok.length)}</strong> {ok.length === 1 ? "order" : "orders"} ·{" "}
        <strong>{formatQuantity(plan.summary.total_quantity)}</strong> units · est{" "}
        <Money value={plan.summary.estimated_value} summary className="font-semibold" />
      </p>
      {shares.length > 0 ? (
        <p>
          Largest:{" "}
          {shares.map((one) => `${codeOf(one.clientId) || one.name} ${formatQuantity(one.quantity)}`).join(" · ")}
          {ok[0]?.price ? (
            <>
              <br />
              Price {formatPrice(ok[0].price)} {ok[0].price_rule ? `(${ok[0].price_rule})` : ""}
            </>
          ) : null}
        </p>
      ) : null}
      <PlanEstimate plan={plan} codeOf={codeOf} />
      {blocked.length > 0 ? (
        <section aria-label="Left out" className="rounded border border-bad bg-bad-soft px-3 py-2 text-bad">
          <p className="font-semibold">⊘ {formatQuantity(blocked.length)} would be left out</p>
          <ul className="max-h-32 overflow-auto">
            {blocked.map((row) => (
              <li key={`${row.client_id} ${row.side} ${row.quantity}`}>
                {calledClient(row, codeOf)}: {row.message} <code className="text-xs">{row.code}</code>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}
