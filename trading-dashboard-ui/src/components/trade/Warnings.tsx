import { formatQuantity } from "@/format";
import { checkOf, useTradeContext } from "@/hooks/useTradeFacts";
import { serverNow } from "@/services/serverClock";
import { portfolioStore } from "@/store/portfolioStore";
import type { Preview } from "@/store/pressStore";
import { SAFETY } from "@/store/safety";

/** What speaks against it without stopping it: this page's own checks of the rows, counted by kind. */
export function Warnings({ preview }: { preview: Preview }) {
  const context = useTradeContext();
  const { clients, indexOf } = portfolioStore.getState();
  const sentences = new Map<string, string[]>();
  let oldFunds = 0;
  for (const [id, cell] of preview.quantities) {
    const row = clients[indexOf.get(id) ?? -1];
    if (row === undefined) continue;
    const check = checkOf(context, cell, row);
    if (check?.level === "warn")
      sentences.set(check.word, [...(sentences.get(check.word) ?? []), `${row.mofsl_client_code} ${row.name}`]);
    if (row.as_of === null || serverNow() - Date.parse(row.as_of) > SAFETY.fundsOldAfterS * 1000) oldFunds += 1;
  }
  if (sentences.size === 0 && oldFunds === 0) return null;
  return (
    <section
      aria-label="Warnings"
      className="rounded border border-warning bg-warning-soft px-3 py-2 text-sm text-warning"
    >
      <ul>
        {[...sentences].map(([word, names]) => (
          <li key={word}>
            ⚠ {formatQuantity(names.length)} × {MEANING[word] ?? word}{" "}
            <span className="text-xs">
              ({names.slice(0, 8).join(", ")}
              {names.length > 8 ? " …" : ""})
            </span>
          </li>
        ))}
        {oldFunds > 0 ? (
          <li>
            ⚠ {formatQuantity(oldFunds)} × funds were read more than {SAFETY.fundsOldAfterS} s ago
          </li>
        ) : null}
      </ul>
    </section>
  );
}

const MEANING: Record<string, string> = {
  funds: "costs more than the available funds",
  "funds?": "available funds are not known",
  short: "sells more than the position holds",
  large: "is unusually large",
};
