import { lazy, Suspense, useEffect } from "react";
import { EmptyState, Loading, Panel } from "@/components/ui";
import { formatSignedPaise, formatTime } from "@/format";
import { curveFacts } from "@/rules/profitCurve";
import { pagePart } from "@/services/pagePart";
import { useProfitHistory, watchProfit } from "@/store/profitHistory";

const CurveChart = lazy(pagePart(() => import("./CurveChart")));

/** The profit as it was told live since this client was opened here. The desk keeps none of before. */
export function ProfitCurve({ clientId }: { clientId: string }) {
  useEffect(() => watchProfit(clientId), [clientId]);
  const points = useProfitHistory(clientId);
  const facts = curveFacts(points);
  return (
    <Panel title="P&L, live" className="shrink-0">
      {facts === null ? (
        <EmptyState title="Collecting.">
          The curve begins now, with what is told live; the desk keeps no curve of before.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-1 p-3">
          <Suspense fallback={<Loading what="the chart" />}>
            <CurveChart
              points={points}
              label={`P&L from ${formatSignedPaise(facts.first)} at ${formatTime(facts.from)} to ${formatSignedPaise(facts.last)} at ${formatTime(facts.until)}`}
            />
          </Suspense>
          <p className="text-xs text-ink-soft tabular-nums">
            Since {formatTime(facts.from)}, when this client was first opened in this tab; the desk keeps no curve of
            before. Lowest {formatSignedPaise(facts.lowest)}, highest {formatSignedPaise(facts.highest)}.
          </p>
        </div>
      )}
    </Panel>
  );
}
