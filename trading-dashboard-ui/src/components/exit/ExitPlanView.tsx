import type { ReactNode } from "react";
import { PlanEstimate } from "@/components/PlanEstimate";
import { Money } from "@/components/ui";
import { formatQuantity, formatTime } from "@/format";
import { calledClient, clientsOf, isOk, largest, leftOut } from "@/rules/confirmation";
import { productName } from "@/rules/products";
import type { ExitPlan, HeldRow } from "@/services/exits";

interface ExitPlanViewProps {
  plan: ExitPlan;
  codeOf: (clientId: string) => string;
}

/** What the exit came to when the desk read every position a moment ago; who could not be read is named first. */
export function ExitPlanView({ plan, codeOf }: ExitPlanViewProps) {
  const ok = plan.results.filter(isOk);
  const unread = plan.positions.filter((row) => row.held === null);
  const notSent = plan.positions.filter((row) => row.held !== null && row.held !== 0 && row.code !== null);
  const flat = plan.positions.filter((row) => row.held === 0);
  const nameOf = (row: { client_id: string; client_name: string }) => calledClient(row, codeOf);
  const units = (side: "BUY" | "SELL") =>
    ok.reduce((total, order) => total + (order.side === side ? order.quantity : 0), 0);
  return (
    <div className="flex flex-col gap-3 text-sm">
      <dl className="grid grid-cols-4 gap-x-4">
        <Figure name="Clients">{formatQuantity(clientsOf(ok))}</Figure>
        <Figure name="Sell">{formatQuantity(units("SELL"))}</Figure>
        <Figure name="Buy back">{formatQuantity(units("BUY"))}</Figure>
        <Figure name="Est. value">
          <Money value={plan.summary.estimated_value} summary />
        </Figure>
      </dl>
      {ok.length > 0 ? (
        <p>
          <span className="text-ink-soft">Largest: </span>
          {largest(ok)
            .map((one) => `${codeOf(one.clientId) || one.name} ${formatQuantity(one.quantity)}`)
            .join(" · ")}
        </p>
      ) : null}
      <PlanEstimate plan={plan} codeOf={codeOf} />
      {unread.length > 0 ? (
        <Listed
          label="Cannot be read"
          className="border-unknown bg-unknown-soft text-unknown"
          title={`? ${formatQuantity(unread.length)} could not be read: nothing is sent for them, and whether they are flat is not known`}
          rows={unread.map((row) => ({
            key: keyOf(row),
            text: `${nameOf(row)}: ${row.message ?? ""}`,
            code: row.code,
          }))}
        />
      ) : null}
      {leftOut(plan.results).map(({ code, message, orders }) => (
        <Listed
          key={code}
          label={`Left out: ${code}`}
          className="border-bad bg-bad-soft text-bad"
          title={`⊘ ${formatQuantity(orders.length)} × ${message}`}
          rows={[{ key: code, text: orders.map(nameOf).join(", "), code }]}
        />
      ))}
      {notSent.length > 0 ? (
        <Listed
          label="Held, and not sent"
          className="border-bad bg-bad-soft text-bad"
          title={`⊘ ${formatQuantity(notSent.length)} positions that cannot be exited from here`}
          rows={notSent.map((row) => ({
            key: keyOf(row),
            text: `${nameOf(row)} ${productName(row.product)} ${formatQuantity(row.held)}: ${row.message ?? ""}`,
            code: row.code,
          }))}
        />
      ) : null}
      {flat.length > 0 ? (
        <p className="text-ink-soft">
          {formatQuantity(flat.length)} {flat.length === 1 ? "client holds" : "clients hold"} nothing of it:{" "}
          {flat.map((row) => `${nameOf(row)} (read ${formatTime(row.read_at)})`).join(", ")}
        </p>
      ) : null}
    </div>
  );
}

function keyOf(row: HeldRow): string {
  return `${row.client_id} ${row.product}`;
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-soft">{name}</dt>
      <dd className="text-base font-semibold">{children}</dd>
    </div>
  );
}

interface ListedProps {
  label: string;
  className: string;
  title: string;
  rows: readonly { key: string; text: string; code: string | null }[];
}

function Listed({ label, className, title, rows }: ListedProps) {
  return (
    <div className={`rounded border px-3 py-2 ${className}`}>
      <p className="font-semibold">{title}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1) */}
      <ul aria-label={label} tabIndex={0} className="max-h-28 overflow-auto">
        {rows.map(({ key, text, code }) => (
          <li key={key}>
            {text} {code ? <code className="text-xs">{code}</code> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}
