import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { useLocation, useParams } from "wouter";
import { ClientOrders } from "@/components/client/ClientOrders";
import { ClientSummary } from "@/components/client/ClientSummary";
import { FundsTable } from "@/components/client/FundsTable";
import { HoldingsTable } from "@/components/client/HoldingsTable";
import { PositionsTable } from "@/components/client/PositionsTable";
import { ProfitCurve } from "@/components/client/ProfitCurve";
import { OrderDialog } from "@/components/orders/OrderDialog";
import { Page } from "@/components/shell/Page";
import { Age, Button, EmptyState, ErrorNote, Loading, Panel, Tabs } from "@/components/ui";
import { formatQuantity } from "@/format";
import { useClientNews, useClientRow, useOrdersOf, usePortfolioOf } from "@/hooks/useClient";
import { useFilters } from "@/hooks/useFilters";
import { useShortcuts } from "@/hooks/useShortcuts";
import type { ClientRow } from "@/services/clients";
import type { ClientPortfolio } from "@/services/portfolio";
import { portfolioStore, usePortfolio } from "@/store/portfolioStore";
import { useMay } from "@/store/sessionStore";

/** One client: what it owns, what it owes, what was traded for it. */
export default function ClientPage() {
  const { id = "" } = useParams<{ id: string }>();
  const row = usePortfolio((store) => store.clients[store.indexOf.get(id) ?? -1]);
  const status = usePortfolio((store) => store.loadingStatus);
  const error = usePortfolio((store) => store.loadingError);
  if (row !== undefined) return <Shown key={id} row={row} />;
  return (
    <Page title="Client">
      <Panel title="Client" hideTitle>
        {status === "failed" ? (
          <div className="p-3">
            <ErrorNote
              title="The clients could not be read"
              error={error}
              onRetry={() => void portfolioStore.getState().fetchClients()}
            />
          </div>
        ) : status === "ready" ? (
          <EmptyState title="There is no client of that id.">
            It may have been removed, or the address is wrong.
          </EmptyState>
        ) : (
          <Loading what="the client" />
        )}
      </Panel>
    </Page>
  );
}

const DEFAULTS = { tab: "positions", order: "" };
const TABS = ["positions", "holdings", "orders", "funds"] as const;

function Shown({ row }: { row: ClientRow }) {
  const [filters, change] = useFilters(DEFAULTS);
  const tab = TABS.find((one) => one === filters.tab) ?? "positions";
  const dated = useClientRow(row.id, row.mofsl_client_code);
  const portfolio = usePortfolioOf(row.id);
  const orders = useOrdersOf(row.id);
  const mayExit = useMay("trade");
  useClientNews(row.id);
  const held = portfolio.data;
  const open = held?.positions.filter((one) => one.net_quantity !== 0).length;

  return (
    <Page title={`${row.mofsl_client_code} ${row.name}`} actions={<Neighbours id={row.id} />}>
      <ClientSummary row={row} dated={dated.data} portfolio={portfolio} />
      <div className="grid min-w-0 gap-3 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <Panel
          title="What it has"
          hideTitle
          actions={
            held === undefined ? null : (
              <span className="flex grow items-center justify-end gap-2 text-sm text-ink-soft">
                <span>
                  read at the broker <Age at={held.as_of} /> ago
                </span>
                <Button size="small" disabled={portfolio.isFetching} onClick={() => void portfolio.refetch()}>
                  {portfolio.isFetching ? "Reading…" : "Read again"}
                </Button>
              </span>
            )
          }
        >
          <Tabs
            label="What it has"
            value={tab}
            onChange={(next) => change({ tab: next })}
            className="min-w-0 pb-2"
            tabs={[
              {
                value: "positions",
                label: `Positions ${formatQuantity(open)}`,
                content: (
                  <Read found={portfolio} what="the positions">
                    {({ positions }) => <PositionsTable client={row} positions={positions} mayExit={mayExit} />}
                  </Read>
                ),
              },
              {
                value: "holdings",
                label: `Holdings ${formatQuantity(held?.holdings.length)}`,
                content: (
                  <Read found={portfolio} what="the holdings">
                    {({ holdings }) => <HoldingsTable client={row} holdings={holdings} mayExit={mayExit} />}
                  </Read>
                ),
              },
              {
                value: "orders",
                label: `Orders ${formatQuantity(orders.data?.total)}`,
                content: <ClientOrders clientId={row.id} found={orders} onOpen={(order) => change({ order })} />,
              },
              {
                value: "funds",
                label: "Funds",
                content: (
                  <Read found={portfolio} what="the funds">
                    {({ funds }) => <FundsTable funds={funds} />}
                  </Read>
                ),
              },
            ]}
          />
        </Panel>
        <ProfitCurve clientId={row.id} />
      </div>
      {filters.order ? <OrderDialog id={filters.order} onClose={() => change({ order: "" })} /> : null}
    </Page>
  );
}

interface ReadProps {
  found: ReturnType<typeof usePortfolioOf>;
  what: string;
  children: (held: ClientPortfolio) => ReactNode;
}

/** What was read last, however old; without any reading nothing is drawn that could be taken for "holds nothing". */
function Read({ found, what, children }: ReadProps) {
  if (found.data !== undefined) return children(found.data);
  return found.isPending && found.fetchStatus === "fetching" ? (
    <Loading what={`${what} at the broker`} />
  ) : (
    <EmptyState title="Not known: the broker could not be read.">
      The reason stands above; nothing is assumed.
    </EmptyState>
  );
}

/** The clients before and after this one, by name. */
function Neighbours({ id }: { id: string }) {
  const [, go] = useLocation();
  const clients = usePortfolio((store) => store.clients);
  const place = usePortfolio((store) => store.indexOf.get(id) ?? -1);
  const [before, after] = [clients[place - 1], clients[place + 1]];
  const lead = (to: ClientRow | undefined) => () => to !== undefined && go(`/clients/${to.id}`);
  useShortcuts({ j: lead(before), k: lead(after) });
  return (
    <>
      <Button size="small" disabled={before === undefined} onClick={lead(before)} aria-keyshortcuts="J">
        <ChevronLeft aria-hidden size={14} /> Previous
      </Button>
      <Button size="small" disabled={after === undefined} onClick={lead(after)} aria-keyshortcuts="K">
        Next <ChevronRight aria-hidden size={14} />
      </Button>
    </>
  );
}
