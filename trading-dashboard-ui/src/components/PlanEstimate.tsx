import type { ReactNode } from "react";
import { Age } from "@/components/ui";
import { counted, formatQuantity, formatRupees } from "@/format";
import { calledClient, isOk } from "@/rules/confirmation";
import { valueByClient } from "@/rules/estimates";
import type { Estimate, Plan } from "@/services/orderShapes";

const MOST_CLIENTS = 50;

interface PlanEstimateProps {
  plan: Plan;
  codeOf: (clientId: string) => string;
}

/** What the orders that would leave take, in total and for each client. What is not known says so, and why. */
export function PlanEstimate({ plan, codeOf }: PlanEstimateProps) {
  const { estimate } = plan;
  if (!plan.results.some(isOk)) return null;
  return (
    <section aria-label="Estimate" className="flex flex-col gap-2 text-sm">
      <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-0.5">
        <Line name="Funds needed, at most">
          <Amount value={estimate.funds_needed} reason={estimate.funds_reason} />
        </Line>
        <Line name="Transaction tax (STT)">
          <Amount value={estimate.stt} reason={estimate.stt_reason} />
        </Line>
        <Line name="Brokerage, other charges">not known: each client's own at the broker</Line>
        <Line name="Last order leaves">
          {estimate.sending_s < 0.05 ? "at once" : `after ${estimate.sending_s.toFixed(1)} s at least`}
          {estimate.most_orders_of_a_client > 1
            ? `, up to ${formatQuantity(estimate.most_orders_of_a_client)} orders a client`
            : ""}
        </Line>
      </dl>
      <Shortfalls estimate={estimate} codeOf={codeOf} />
      <ByClient plan={plan} codeOf={codeOf} />
    </section>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </>
  );
}

function Amount({ value, reason }: { value: string | null; reason: string | null }) {
  if (value === null) return <>not known{reason === null ? "" : `: ${reason}`}</>;
  return <strong>{formatRupees(value)}</strong>;
}

function Shortfalls({ estimate, codeOf }: { estimate: Estimate; codeOf: (clientId: string) => string }) {
  const { short_of_funds: short, funds_not_known: unread } = estimate;
  if (short.length === 0 && unread === 0) return null;
  return (
    <div className="rounded border border-warning bg-warning-soft px-3 py-2 text-warning">
      {short.length > 0 ? (
        <>
          <p className="font-semibold">⚠ {counted(short.length, "client")} may be short of funds</p>
          <Scrolled label="Short of funds">
            {short.map((one) => (
              <li key={one.client_id}>
                {calledClient(one, codeOf)}: needs {formatRupees(one.needed)}, had {formatRupees(one.available)}{" "}
                <Age at={one.as_of} /> ago
              </li>
            ))}
          </Scrolled>
        </>
      ) : null}
      {unread > 0 ? <p>? {counted(unread, "buying client")} whose funds were never read</p> : null}
    </div>
  );
}

/** The largest first; by prices of the plan. */
function ByClient({ plan, codeOf }: PlanEstimateProps) {
  const rows = valueByClient(plan.results);
  return (
    <details>
      <summary className="cursor-pointer text-accent">Est. value by client</summary>
      <Scrolled label="Est. value by client">
        {rows.slice(0, MOST_CLIENTS).map(({ clientId, name, quantity, value }) => (
          <li key={clientId} className="flex justify-between gap-4 tabular-nums">
            <span className="truncate">{`${codeOf(clientId)} ${name}`.trim()}</span>
            <span className="whitespace-nowrap">
              {formatQuantity(quantity)} · {value === null ? "not known" : formatRupees(value)}
            </span>
          </li>
        ))}
        {rows.length > MOST_CLIENTS ? <li>and {formatQuantity(rows.length - MOST_CLIENTS)} more</li> : null}
      </Scrolled>
    </details>
  );
}

function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1)
    <ul aria-label={label} tabIndex={0} className="max-h-28 overflow-auto">
      {children}
    </ul>
  );
}
