import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { EmptyState, ErrorNote, Head, LOGIN_STATE, Loading, Panel, StatusBadge, Table, Td, Th } from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { readLogins } from "@/services/logins";
import { pagePart } from "@/services/pagePart";
import type { AccountFilterText, ChangeFilters } from "./filters";
import { useDealers, useEgresses } from "./useAccounts";

const DealerDialog = lazy(pagePart(() => import("./DealerDialog")));
const LOOK_AGAIN_MS = 10_000;

/** Logins of which each serves many clients. */
export function DealersPanel({ filters, change }: { filters: AccountFilterText; change: ChangeFilters }) {
  const found = useDealers();
  const egresses = useEgresses();
  const logins = useQuery({
    queryKey: ["sessions", "board", null],
    queryFn: ({ signal }) => readLogins(null, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  const failure = found.error ?? egresses.error ?? logins.error;
  const edited = found.data?.find((dealer) => dealer.id === filters.edit) ?? null;
  return (
    <Panel title={found.data ? counted(found.data.length, "dealer login") : "Dealer logins"} className="min-h-0 grow">
      {failure ? (
        <div className="p-3">
          <ErrorNote
            title="The dealer logins could not be read"
            error={failure}
            onRetry={() => {
              for (const query of [found, egresses, logins]) if (query.isError) void query.refetch();
            }}
          />
        </div>
      ) : null}
      {found.isPending ? <Loading what="the dealer logins" /> : null}
      {found.data?.length === 0 ? (
        <EmptyState title="There is no dealer login.">One of them can serve many client codes.</EmptyState>
      ) : null}
      {found.data && found.data.length > 0 ? (
        <Table label="Dealer logins">
          <Head>
            <Th>Code</Th>
            <Th>Name</Th>
            <Th>Active</Th>
            <Th>Secrets</Th>
            <Th numeric>Clients</Th>
            <Th>Leaves by</Th>
            <Th>Session</Th>
            <Th>Why not</Th>
          </Head>
          <tbody>
            {found.data.map((dealer) => {
              const login = logins.data?.items.find((one) => one.login_id === dealer.id);
              return (
                <tr key={dealer.id} className="hover:bg-sunken">
                  <Td>
                    <button
                      type="button"
                      className="font-medium text-accent underline"
                      aria-label={`Edit ${dealer.dealer_code}`}
                      onClick={() => change({ edit: dealer.id })}
                    >
                      {dealer.dealer_code}
                    </button>
                  </Td>
                  <Td>{dealer.name}</Td>
                  <Td>{dealer.is_active ? "yes" : "no"}</Td>
                  <Td>set</Td>
                  <Td numeric>{login ? formatQuantity(login.clients) : "—"}</Td>
                  <Td>{egresses.data?.find((one) => one.id === dealer.egress_id)?.name ?? "this machine"}</Td>
                  <Td>{login ? <StatusBadge look={LOGIN_STATE[login.state]} /> : "—"}</Td>
                  <Td className="max-w-96">{login?.reason ?? "—"}</Td>
                </tr>
              );
            })}
          </tbody>
        </Table>
      ) : null}
      <Suspense fallback={null}>
        {egresses.data && (filters.edit === "new" || edited !== null) ? (
          <DealerDialog
            key={filters.edit}
            dealer={edited}
            egresses={egresses.data}
            onClose={() => change({ edit: "" })}
          />
        ) : null}
      </Suspense>
    </Panel>
  );
}
