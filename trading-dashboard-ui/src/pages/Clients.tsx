import { FileUp, Plus } from "lucide-react";
import { lazy, Suspense } from "react";
import { ClientsPanel } from "@/components/accounts/ClientsPanel";
import { DealersPanel } from "@/components/accounts/DealersPanel";
import { EgressesPanel } from "@/components/accounts/EgressesPanel";
import { ACCOUNT_FILTERS } from "@/components/accounts/filters";
import { Page } from "@/components/shell/Page";
import { Button, FilterChips } from "@/components/ui";
import { useFilters } from "@/hooks/useFilters";
import { pagePart } from "@/services/pagePart";

const LimitsPanel = lazy(pagePart(() => import("@/components/accounts/LimitsPanel")));

const LISTS = [
  { value: "clients", label: "Clients", add: "Add a client" },
  { value: "dealers", label: "Dealer logins", add: "Add a dealer login" },
  { value: "egresses", label: "Egresses", add: "Add an egress" },
  { value: "limits", label: "Limits", add: null },
] as const;

/** Whom the desk trades for, and how their requests log in and leave. For administrators. */
export default function Clients() {
  const [filters, change] = useFilters(ACCOUNT_FILTERS);
  const { value: list, add } = LISTS.find((one) => one.value === filters.list) ?? LISTS[0];
  return (
    <Page
      title="Clients"
      fits
      actions={
        <>
          <FilterChips
            label="List"
            chips={LISTS}
            value={list}
            onChange={(next) => change({ ...ACCOUNT_FILTERS, list: next })}
          />
          {list === "clients" ? (
            <Button onClick={() => change({ edit: "import" })}>
              <FileUp aria-hidden size={14} /> Import…
            </Button>
          ) : null}
          {add === null ? null : (
            <Button tone="primary" onClick={() => change({ edit: "new" })}>
              <Plus aria-hidden size={14} /> {add}
            </Button>
          )}
        </>
      }
    >
      {list === "clients" ? <ClientsPanel filters={filters} change={change} /> : null}
      {list === "dealers" ? <DealersPanel filters={filters} change={change} /> : null}
      {list === "egresses" ? <EgressesPanel filters={filters} change={change} /> : null}
      {list === "limits" ? (
        <Suspense fallback={null}>
          <LimitsPanel />
        </Suspense>
      ) : null}
    </Page>
  );
}
