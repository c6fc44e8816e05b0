import { lazy, Suspense, useCallback, useMemo } from "react";
import {
  EmptyState,
  ErrorNote,
  Field,
  FilterChips,
  Loading,
  Panel,
  Select,
  TextInput,
  WindowedTable,
} from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { countsOf, type Show, shownAccounts } from "@/rules/accountFilters";
import { groupsOf } from "@/rules/rowFilters";
import { pagePart } from "@/services/pagePart";
import { usePortfolio } from "@/store/portfolioStore";
import { clientColumns } from "./clientColumns";
import type { AccountFilterText, ChangeFilters } from "./filters";
import { useAccountList, useDealers, useEgresses } from "./useAccounts";

const ClientDialog = lazy(pagePart(() => import("./ClientDialog")));
const ImportDialog = lazy(pagePart(() => import("./ImportDialog")));

const SHOWN: readonly { value: Show; label: string }[] = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
  { value: "inactive", label: "Not active" },
  { value: "failing", label: "Login failing" },
  { value: "incomplete", label: "Secrets not set" },
];
const ANY_GROUP = { value: "", label: "Any group" };

/** Every client, for its keeping. */
export function ClientsPanel({ filters, change }: { filters: AccountFilterText; change: ChangeFilters }) {
  const found = useAccountList();
  const dealers = useDealers();
  const egresses = useEgresses();
  const live = usePortfolio((store) => store.clients);
  const indexOf = usePortfolio((store) => store.indexOf);
  const sessionOf = useCallback((id: string) => live[indexOf.get(id) ?? -1]?.session, [live, indexOf]);
  const show = SHOWN.find((one) => one.value === filters.show)?.value ?? "all";
  const all = found.data ?? NO_ROWS;
  const counts = useMemo(() => countsOf(all, sessionOf), [all, sessionOf]);
  const rows = useMemo(
    () => shownAccounts(all, { words: filters.q, group: filters.group, show }, sessionOf),
    [all, filters.q, filters.group, show, sessionOf],
  );
  const columns = useMemo(
    () =>
      clientColumns({
        sessionOf,
        dealers: dealers.data ?? [],
        egresses: egresses.data ?? [],
        onOpen: (id) => change({ edit: id }),
      }),
    [sessionOf, dealers.data, egresses.data, change],
  );
  const edited = all.find((client) => client.id === filters.edit) ?? null;
  const areNamesKnown = dealers.data !== undefined && egresses.data !== undefined;
  const failure = found.error ?? dealers.error ?? egresses.error;

  return (
    <Panel
      title={found.data ? counted(all.length, "client") : "Clients"}
      className="min-h-0 grow"
      actions={
        <>
          <FilterChips
            label="Show"
            value={show}
            onChange={(next) => change({ show: next })}
            chips={SHOWN.map((one) => ({
              ...one,
              label: found.data ? `${one.label} ${formatQuantity(counts[one.value])}` : one.label,
            }))}
          />
          <Select
            label="Group"
            hideLabel
            value={filters.group}
            options={[
              ANY_GROUP,
              ...groupsOf(all).map(({ group, clients }) => ({
                value: group,
                label: `${group} (${formatQuantity(clients)})`,
              })),
            ]}
            onChange={(group) => change({ group })}
            className="w-40"
          />
          <Field label="Search clients" hideLabel>
            <TextInput
              type="search"
              data-search
              placeholder="Code or name  /"
              value={filters.q}
              onValueChange={(q) => change({ q })}
              className="w-44"
            />
          </Field>
        </>
      }
    >
      {failure ? (
        <div className="p-3">
          <ErrorNote
            title="The clients could not be read"
            error={failure}
            onRetry={() => {
              for (const query of [found, dealers, egresses]) if (query.isError) void query.refetch();
            }}
          />
        </div>
      ) : null}
      {found.isPending ? <Loading what="the clients" /> : null}
      {found.data?.length === 0 ? (
        <EmptyState title="There is no client yet.">Add one, or import a file of many.</EmptyState>
      ) : null}
      {all.length > 0 && rows.length === 0 ? (
        <EmptyState title="No client is like that.">Change the choice or the search above.</EmptyState>
      ) : null}
      {rows.length > 0 ? (
        <WindowedTable label="Clients" columns={columns} rows={rows} keyOf={(client) => client.id} minWidth="76rem" />
      ) : null}
      <Suspense fallback={null}>
        {areNamesKnown && (filters.edit === "new" || edited !== null) ? (
          <ClientDialog
            key={filters.edit}
            client={edited}
            dealers={dealers.data}
            egresses={egresses.data}
            onClose={() => change({ edit: "" })}
          />
        ) : null}
        {filters.edit === "import" ? <ImportDialog onClose={() => change({ edit: "" })} /> : null}
      </Suspense>
    </Panel>
  );
}

const NO_ROWS: never[] = [];
