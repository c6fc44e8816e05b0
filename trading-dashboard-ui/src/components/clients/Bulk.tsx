import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste, PaintBucket } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { useTradeContext } from "@/hooks/useTradeFacts";
import { sentenceOf } from "@/services/apiError";
import { readBatch, readLatestBatches } from "@/services/batches";
import { pagePart } from "@/services/pagePart";
import { usePortfolio } from "@/store/portfolioStore";
import { tradeStore, useTrade } from "@/store/tradeStore";
import type { RowOrder } from "./useRowOrder";

const FillDialog = lazy(pagePart(() => import("./FillDialog")));

interface BulkProps {
  order: RowOrder;
  onPaste: () => void;
}

/** Quantities for many at once: filled by a rule, or from a sheet. */
export function Bulk({ order, onPaste }: BulkProps) {
  const context = useTradeContext();
  const [isFilling, setIsFilling] = useState(false);
  const selected = useTrade((store) => store.selected);
  const clients = usePortfolio((store) => store.clients);
  const indexOf = usePortfolio((store) => store.indexOf);
  const last = useLastQuantities(isFilling);
  const marked = order.ids.filter((id) => selected.has(id));
  const ids = marked.length > 0 ? marked : order.ids;

  return (
    <>
      {marked.length > 0 ? (
        <span className="text-sm">
          {formatQuantity(marked.length)} marked{" "}
          <Button size="small" tone="ghost" onClick={() => tradeStore.getState().select(selected, false)}>
            Unmark
          </Button>
        </span>
      ) : null}
      <Button size="small" onClick={() => setIsFilling(true)} disabled={order.ids.length === 0}>
        <PaintBucket aria-hidden size={14} />
        Fill…
      </Button>
      <Button size="small" onClick={onPaste} disabled={order.ids.length === 0}>
        <ClipboardPaste aria-hidden size={14} />
        Paste…
      </Button>
      {isFilling ? (
        <Suspense fallback={null}>
          <FillDialog
            rows={ids.flatMap((id) => clients[indexOf.get(id) ?? -1] ?? [])}
            scope={
              marked.length > 0
                ? `the ${counted(ids.length, "marked client")} shown`
                : `the ${counted(ids.length, "client")} shown`
            }
            context={context}
            last={last.data ?? NOTHING}
            lastProblem={last.error ? sentenceOf(last.error) : last.data === null ? "There was no batch before." : null}
            onApply={(quantities) => {
              tradeStore
                .getState()
                .changeQuantities([...quantities].map(([id, units]) => [id, units === 0 ? null : units]));
              setIsFilling(false);
            }}
            onClose={() => setIsFilling(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

const NOTHING: ReadonlyMap<string, number> = new Map();

/** What each client was given in the newest batch that was no exit; null where there was none. */
function useLastQuantities(enabled: boolean) {
  return useQuery({
    queryKey: ["last-quantities"],
    queryFn: async ({ signal }) => {
      const newest = (await readLatestBatches(signal)).find((batch) => batch.kind === "execute");
      if (newest === undefined) return null;
      const units = new Map<string, number>();
      for (const row of (await readBatch(newest.batch_id, signal)).results) {
        units.set(row.client_id, (units.get(row.client_id) ?? 0) + row.quantity);
      }
      return units;
    },
    enabled,
    staleTime: 0,
  });
}
