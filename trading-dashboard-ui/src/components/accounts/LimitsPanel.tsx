import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ClientFilter } from "@/components/ClientFilter";
import { ErrorNote, Head, Loading, Panel, Select, Table, Td, Th } from "@/components/ui";
import { formatMoment, formatQuantity, formatRupees } from "@/format";
import { useClientCodes } from "@/hooks/useClientCodes";
import { type Limits, readLimits, readOperators, type Subject } from "@/services/limits";
import { portfolioStore } from "@/store/portfolioStore";
import LimitsDialog from "./LimitsDialog";

const DESK: Subject = { scope: "desk", subject_id: "", subject_name: "" };
const WHOSE = { desk: "The desk", user: "Operator", client: "Client" } as const;

/** Whose orders are limited, and how. Exits are never stopped by their size. */
export default function LimitsPanel() {
  const found = useQuery({ queryKey: ["limits"], queryFn: ({ signal }) => readLimits(signal) });
  const operators = useQuery({ queryKey: ["limits", "operators"], queryFn: ({ signal }) => readOperators(signal) });
  const codeOf = useClientCodes();
  const [edited, setEdited] = useState<Subject | null>(null);
  const kept = (subject: Subject) =>
    found.data?.find((one) => one.scope === subject.scope && one.subject_id === subject.subject_id) ?? null;
  const rows: readonly (Subject | Limits)[] = kept(DESK) === null ? [DESK, ...(found.data ?? [])] : (found.data ?? []);

  /** Two clients may have one name; their codes differ. */
  const nameOf = ({ scope, subject_id: id, subject_name: name }: Subject) =>
    scope === "desk" ? "every order" : `${scope === "client" ? codeOf(id) : ""} ${name || id}`.trim();
  const emailOf = (id: string | null) => operators.data?.find((one) => one.id === id)?.email ?? id;

  const limitClient = (id: string) => {
    const { clients, indexOf } = portfolioStore.getState();
    const client = clients[indexOf.get(id) ?? -1];
    if (client !== undefined) setEdited({ scope: "client", subject_id: id, subject_name: client.name });
  };
  return (
    <Panel
      title="What is limited"
      className="min-h-0 grow"
      actions={
        found.data ? (
          <>
            <span className="text-sm text-ink-soft">Limit another:</span>
            <ClientFilter value="" onChange={limitClient} />
            <Select
              label="Operator"
              hideLabel
              value=""
              options={[
                { value: "", label: "Any operator" },
                ...(operators.data ?? []).map((one) => ({ value: one.id, label: one.email })),
              ]}
              onChange={(id) => {
                const one = operators.data?.find((each) => each.id === id);
                if (one !== undefined) setEdited({ scope: "user", subject_id: id, subject_name: one.email });
              }}
              className="w-56"
            />
          </>
        ) : null
      }
    >
      <p className="border-b px-3 py-1.5 text-sm text-ink-soft">
        An order that breaks a limit is blocked before it leaves. Exits meet only the one of a typed price. A change
        counts from the next press on.
      </p>
      {found.isError ? (
        <div className="p-3">
          <ErrorNote title="The limits could not be read" error={found.error} onRetry={() => void found.refetch()} />
        </div>
      ) : null}
      {operators.isError ? (
        <div className="p-3">
          <ErrorNote
            title="The operators could not be read"
            error={operators.error}
            onRetry={() => void operators.refetch()}
          />
        </div>
      ) : null}
      {found.isPending ? <Loading what="the limits" /> : null}
      {found.data ? (
        <Table label="Hard limits">
          <Head>
            <Th>Of</Th>
            <Th>Name</Th>
            <Th numeric>Units</Th>
            <Th numeric>Order value</Th>
            <Th numeric>Price distance</Th>
            <Th numeric>Batch value</Th>
            <Th numeric>Batch orders</Th>
            <Th>Changed</Th>
          </Head>
          <tbody>
            {rows.map((row) => (
              <Row
                key={`${row.scope} ${row.subject_id}`}
                row={row}
                name={nameOf(row)}
                by={"updated_by" in row ? emailOf(row.updated_by) : null}
                onEdit={() => setEdited(row)}
              />
            ))}
          </tbody>
        </Table>
      ) : null}
      {edited === null ? null : (
        <LimitsDialog
          key={`${edited.scope} ${edited.subject_id}`}
          subject={edited}
          name={nameOf(edited)}
          kept={kept(edited)}
          onClose={() => setEdited(null)}
        />
      )}
    </Panel>
  );
}

interface RowProps {
  row: Subject | Limits;
  name: string;
  /** Who changed it last. */
  by: string | null;
  onEdit: () => void;
}

function Row({ row, name, by, onEdit }: RowProps) {
  const own = "updated_at" in row ? row : null;
  const none = row.scope === "client" ? "—" : "no limit";
  const rupees = (value: string | null | undefined) => (value == null ? "no limit" : formatRupees(value));
  const units = (value: number | null | undefined) => (value == null ? "no limit" : formatQuantity(value));
  return (
    <tr className="hover:bg-sunken">
      <Td>{WHOSE[row.scope]}</Td>
      <Td>
        <button
          type="button"
          className="font-medium text-accent underline"
          aria-label={`Limits of ${name}`}
          onClick={onEdit}
        >
          {name}
        </button>
      </Td>
      <Td numeric>{units(own?.max_order_quantity)}</Td>
      <Td numeric>{rupees(own?.max_order_notional)}</Td>
      <Td numeric>{own?.max_price_distance_percent == null ? "no limit" : `${own.max_price_distance_percent} %`}</Td>
      <Td numeric>{own?.max_batch_notional == null ? none : formatRupees(own.max_batch_notional)}</Td>
      <Td numeric>{own?.max_batch_orders == null ? none : formatQuantity(own.max_batch_orders)}</Td>
      <Td>{own === null ? "never" : `${formatMoment(own.updated_at)}${by === null ? "" : ` by ${by}`}`}</Td>
    </tr>
  );
}
