import { lazy, Suspense, useState } from "react";
import { AlertDialog, Button, EmptyState, ErrorNote, Loading, Panel } from "@/components/ui";
import { formatQuantity } from "@/format";
import { useTradeContext } from "@/hooks/useTradeFacts";
import { isFiltered, NO_FILTERS } from "@/rules/rowFilters";
import { pagePart } from "@/services/pagePart";
import { portfolioStore, usePortfolio } from "@/store/portfolioStore";
import { useTableLook } from "@/store/tableStore";
import { tradeStore } from "@/store/tradeStore";
import { Bulk } from "./clients/Bulk";
import { exportClients } from "./clients/exportClients";
import { Grid } from "./clients/Grid";
import { GridToolbar } from "./clients/GridToolbar";
import { usePaste } from "./clients/usePaste";
import { useRowOrder } from "./clients/useRowOrder";

const PasteDialog = lazy(pagePart(() => import("./clients/PasteDialog")));
const ASK_ABOVE_ROWS = 50;

/** Every client with what may be spent, what is won or lost, and what it shall get. */
export function ClientsTable() {
  const context = useTradeContext();
  const filters = useTableLook((look) => look.filters);
  const order = useRowOrder(context, filters);
  const total = usePortfolio((store) => store.clients.length);
  const status = usePortfolio((store) => store.loadingStatus);
  const error = usePortfolio((store) => store.loadingError);
  const paste = usePaste(order.ids);
  const [copyDown, setCopyDown] = useState<readonly string[] | null>(null);

  const askCopyDown = (fromId: string) => {
    const below = order.ids.slice(order.ids.indexOf(fromId));
    if (below.length > ASK_ABOVE_ROWS) setCopyDown(below);
    else copyTo(below);
  };

  return (
    <Panel
      title={titleOf(order.ids.length, total, isFiltered(filters), total > 0 || status === "ready")}
      className="min-h-0 grow"
      actions={<Bulk order={order} onPaste={paste.ask} />}
    >
      <GridToolbar order={order} onExport={() => void exportClients(order.ids, context)} />
      {status === "failed" ? (
        <div className="p-2">
          <ErrorNote
            error={error}
            title={total === 0 ? "The clients could not be read" : "The clients could not be read again; these are old"}
            onRetry={() => void portfolioStore.getState().fetchClients()}
          />
        </div>
      ) : null}
      {order.ids.length > 0 ? (
        <Grid order={order} onPaste={paste.take} onCopyDown={askCopyDown} />
      ) : status === "loading" || status === "idle" ? (
        <Loading what="the clients" />
      ) : isFiltered(filters) ? (
        <EmptyState
          title="No client passes these filters."
          action={<Button onClick={() => useTableLook.getState().filter(NO_FILTERS)}>Show everybody</Button>}
        />
      ) : status === "failed" ? null : (
        <EmptyState title="There are no clients yet.">An administrator adds them under Clients.</EmptyState>
      )}
      {paste.review === null ? null : (
        <Suspense fallback={null}>
          <PasteDialog review={paste.review} onText={paste.read} onApply={paste.apply} onClose={paste.close} />
        </Suspense>
      )}
      <AlertDialog
        open={copyDown !== null}
        onCancel={() => setCopyDown(null)}
        width="narrow"
        title={`Copy this quantity to ${formatQuantity((copyDown?.length ?? 1) - 1)} clients below?`}
        description="It replaces what they have; Ctrl+Z takes it back."
        actions={
          <>
            <Button onClick={() => setCopyDown(null)}>Cancel</Button>
            <Button
              tone="primary"
              onClick={() => {
                copyTo(copyDown ?? []);
                setCopyDown(null);
              }}
            >
              Copy down
            </Button>
          </>
        }
      />
    </Panel>
  );
}

/** A count is said once the clients were read: before that "0" would mean that there are none. */
function titleOf(shown: number, total: number, isCut: boolean, isRead: boolean): string {
  if (!isRead) return "Clients";
  return `Clients ${formatQuantity(shown)}${isCut ? ` of ${formatQuantity(total)}` : ""}`;
}

function copyTo(ids: readonly string[]): void {
  const { history, changeQuantities } = tradeStore.getState();
  const [from = "", ...below] = ids;
  const cell = history.present.get(from) ?? null;
  changeQuantities(below.map((id) => [id, cell]));
}
