import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useMemo } from "react";
import { AuditTable } from "@/components/AuditTable";
import { Page } from "@/components/shell/Page";
import { Button, EmptyState, ErrorNote, Field, Loading, Panel, Select, TextInput } from "@/components/ui";
import { formatQuantity } from "@/format";
import { useFilters } from "@/hooks/useFilters";
import { type AuditFilter, auditExportUrl, readAudit } from "@/services/audit";

const DEFAULTS = { day: "", action: "all", subject: "", page: "1" };
const PAGE_SIZE = 100;
const DAY_MS = 86_400_000;
const GROUPS = [
  { value: "all", label: "Everything" },
  { value: "batch.", label: "Batches" },
  { value: "order.", label: "Orders" },
  { value: "desk.", label: "Desk's state" },
  { value: "sign_in.", label: "Sign-ins" },
  { value: "step_up.", label: "Codes for acts" },
  { value: "session.", label: "Sessions" },
  { value: "client.", label: "Clients" },
  { value: "dealer.", label: "Dealers" },
  { value: "egress.", label: "Egresses" },
  { value: "user.", label: "Users" },
] as const;

/** Who did what, when, from where. Rows are only ever added, and chained by their hashes. */
export default function Audit() {
  const [filters, change] = useFilters(DEFAULTS);
  const page = Math.max(1, Number.parseInt(filters.page, 10) || 1);
  const filter = useMemo(() => asFilter(filters), [filters]);
  const found = useQuery({
    queryKey: ["audit", filter, page],
    queryFn: ({ signal }) => readAudit(filter, page, PAGE_SIZE, signal),
    placeholderData: keepPreviousData,
  });
  const total = found.data?.total ?? 0;
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  const group = GROUPS.find((one) => one.value === filters.action)?.value ?? "all";

  return (
    <Page
      title="Audit"
      actions={
        <a
          href={auditExportUrl(filter)}
          download
          className="inline-flex min-h-8 items-center gap-1.5 rounded border border-line-strong bg-surface px-3 text-sm font-medium hover:bg-sunken"
        >
          <Download aria-hidden size={14} /> CSV
        </a>
      }
    >
      <Panel
        title="Events, the newest first"
        className="min-h-0 grow"
        actions={
          <>
            <span className="text-sm text-ink-soft">{found.data ? `${formatQuantity(total)} events` : ""}</span>
            <Field label="Day" hideLabel>
              <TextInput
                type="date"
                value={filters.day}
                onValueChange={(day) => change({ day, page: "1" })}
                className="w-38"
              />
            </Field>
            <Select
              label="What"
              hideLabel
              value={group}
              options={GROUPS}
              onChange={(action) => change({ action, page: "1" })}
              className="w-40"
            />
            <Field label="Client, batch, user or other subject" hideLabel>
              <TextInput
                type="search"
                data-search
                placeholder="Id of a subject  /"
                value={filters.subject}
                onValueChange={(subject) => change({ subject, page: "1" })}
                className="w-56"
              />
            </Field>
          </>
        }
      >
        {found.isError ? (
          <div className="p-3">
            <ErrorNote title="The trail could not be read" error={found.error} onRetry={() => void found.refetch()} />
          </div>
        ) : null}
        {found.isPending ? <Loading what="the trail" /> : null}
        {found.data?.items.length === 0 ? <EmptyState title="Nothing was recorded for this choice." /> : null}
        {found.data && found.data.items.length > 0 ? <AuditTable events={found.data.items} /> : null}
        {pages > 1 ? (
          <nav aria-label="Pages" className="flex items-center justify-end gap-2 border-t px-3 py-2 text-sm">
            <Button size="small" disabled={page <= 1} onClick={() => change({ page: String(page - 1) })}>
              Newer
            </Button>
            <span>
              {formatQuantity(page)} of {formatQuantity(pages)}
            </span>
            <Button size="small" disabled={page >= pages} onClick={() => change({ page: String(page + 1) })}>
              Older
            </Button>
          </nav>
        ) : null}
      </Panel>
    </Page>
  );
}

/** A day is one of Kolkata: from its midnight to the next. */
function asFilter({ day, action, subject }: typeof DEFAULTS): AuditFilter {
  const begins = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00+05:30`) : Number.NaN;
  return {
    ...(action === "all" ? {} : { action }),
    ...(subject.trim() === "" ? {} : { subject: subject.trim() }),
    ...(Number.isNaN(begins)
      ? {}
      : { from: new Date(begins).toISOString(), to: new Date(begins + DAY_MS).toISOString() }),
  };
}
