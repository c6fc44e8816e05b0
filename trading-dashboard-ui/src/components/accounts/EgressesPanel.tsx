import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Button, EmptyState, ErrorNote, Head, Loading, Panel, Table, Td, Th } from "@/components/ui";
import { formatMoment, formatQuantity } from "@/format";
import { type Egress, verifyEgress } from "@/services/accounts";
import { sentenceOf } from "@/services/apiError";
import { pagePart } from "@/services/pagePart";
import { EGRESS_KINDS } from "./egressKinds";
import type { AccountFilterText, ChangeFilters } from "./filters";
import { useAccountNews, useEgresses } from "./useAccounts";

const EgressDialog = lazy(pagePart(() => import("./EgressDialog")));

/** How requests leave for the broker, which knows each account by the address it registered. */
export function EgressesPanel({ filters, change }: { filters: AccountFilterText; change: ChangeFilters }) {
  const found = useEgresses();
  const edited = found.data?.find((egress) => egress.id === filters.edit) ?? null;
  return (
    <Panel title={found.data ? `${formatQuantity(found.data.length)} egresses` : "Egresses"} className="min-h-0 grow">
      {found.isError ? (
        <div className="p-3">
          <ErrorNote title="The egresses could not be read" error={found.error} onRetry={() => void found.refetch()} />
        </div>
      ) : null}
      {found.isPending ? <Loading what="the egresses" /> : null}
      {found.data?.length === 0 ? (
        <EmptyState title="There is no egress.">
          Every request leaves as this machine does. Add one where an account is registered with another address.
        </EmptyState>
      ) : null}
      {found.data && found.data.length > 0 ? (
        <Table label="Egresses">
          <Head>
            <Th>Name</Th>
            <Th>Kind</Th>
            <Th>Address or proxy</Th>
            <Th>Registered address</Th>
            <Th>Seen to leave from</Th>
            <Th>Act</Th>
            <Th>What was found</Th>
          </Head>
          <tbody>
            {found.data.map((egress) => (
              <EgressRow key={egress.id} egress={egress} onEdit={() => change({ edit: egress.id })} />
            ))}
          </tbody>
        </Table>
      ) : null}
      <Suspense fallback={null}>
        {filters.edit === "new" || edited !== null ? (
          <EgressDialog key={filters.edit} egress={edited} onClose={() => change({ edit: "" })} />
        ) : null}
      </Suspense>
    </Panel>
  );
}

function EgressRow({ egress, onEdit }: { egress: Egress; onEdit: () => void }) {
  const tellNews = useAccountNews();
  const verify = useMutation({ mutationFn: () => verifyEgress(egress.id), onSettled: tellNews });
  return (
    <tr className="hover:bg-sunken">
      <Td>
        <button
          type="button"
          className="font-medium text-accent underline"
          aria-label={`Edit ${egress.name}`}
          onClick={onEdit}
        >
          {egress.name}
        </button>
      </Td>
      <Td>{EGRESS_KINDS.find((one) => one.value === egress.kind)?.label}</Td>
      <Td>{egress.value ?? "—"}</Td>
      <Td>{egress.registered_address ?? "—"}</Td>
      <Td title={egress.verified_at === null ? undefined : formatMoment(egress.verified_at)}>
        {egress.verified_address ?? "not verified"}
      </Td>
      <Td>
        <Button
          size="small"
          disabled={verify.isPending}
          focusableWhenDisabled
          onClick={() => verify.mutate()}
          aria-label={`Verify ${egress.name}`}
        >
          {verify.isPending ? "Connecting…" : "Verify"}
        </Button>
      </Td>
      <Td className="max-w-96">
        <span role="status">
          {verify.data ? `${verify.data.connected ? "✓" : "⊘"} ${verify.data.message}` : null}
          {verify.error ? `⊘ ${sentenceOf(verify.error)}` : null}
        </span>
      </Td>
    </tr>
  );
}
