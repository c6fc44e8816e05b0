import { EXIT_VERDICT, StatusBadge } from "@/components/ui";
import { formatQuantity } from "@/format";
import { type Verdict, verdictCounts, verdictSentence } from "@/rules/exitVerdicts";
import type { ResultRow } from "@/services/orderShapes";

const VERDICTS = Object.keys(EXIT_VERDICT) as Verdict[];

/** What an exit came to, client by client; what is not proven is said to be not proven. */
export function ExitVerdicts({ rows }: { rows: readonly ResultRow[] }) {
  const counts = verdictCounts(rows);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 pb-2 text-sm">
      <ul aria-label="Clients by verdict" className="flex flex-wrap gap-1.5">
        {VERDICTS.filter((verdict) => counts[verdict] > 0 || verdict === "flat" || verdict === "cannot_tell").map(
          (verdict) => (
            <li key={verdict} data-verdict={verdict} data-count={counts[verdict]}>
              <StatusBadge look={EXIT_VERDICT[verdict]}>
                {EXIT_VERDICT[verdict].label} <strong>{formatQuantity(counts[verdict])}</strong>
              </StatusBadge>
            </li>
          ),
        )}
      </ul>
      <p role="status" className={counts.cannot_tell > 0 ? "font-semibold text-unknown" : ""}>
        {verdictSentence(rows)}
      </p>
    </div>
  );
}
