import { useMemo } from "react";
import { Link } from "wouter";
import { COLUMN_STEPS, orderColumns, orderTableWidth } from "@/components/orders/orderColumns";
import { EmptyState, ErrorNote, Loading, WindowedTable } from "@/components/ui";
import { formatQuantity } from "@/format";
import type { useOrdersOf } from "@/hooks/useClient";
import { useWindowWidth } from "@/hooks/useWindowWidth";

interface ClientOrdersProps {
  clientId: string;
  found: ReturnType<typeof useOrdersOf>;
  onOpen: (orderId: string) => void;
}

/** The client's orders, the newest first. */
export function ClientOrders({ clientId, found, onOpen }: ClientOrdersProps) {
  const rows = found.data?.items ?? [];
  const width = useWindowWidth(COLUMN_STEPS);
  const columns = useMemo(
    () =>
      orderColumns({ selected: new Set(), onSelect: null, rows, onOpen, width }).filter(({ key }) => key !== "client"),
    [rows, onOpen, width],
  );
  const total = found.data?.total ?? 0;
  return (
    <>
      {found.isError ? (
        <div className="p-3">
          <ErrorNote title="The orders could not be read" error={found.error} onRetry={() => void found.refetch()} />
        </div>
      ) : null}
      {found.isPending ? <Loading what="the orders" /> : null}
      {found.data && rows.length === 0 ? <EmptyState title="No order yet." /> : null}
      {rows.length > 0 ? (
        <WindowedTable
          label="Orders"
          columns={columns}
          rows={rows}
          keyOf={(order) => order.id}
          minWidth={orderTableWidth(columns, width)}
          className="max-h-[60vh]"
        />
      ) : null}
      {total > rows.length ? (
        <p className="px-3 py-2 text-sm">
          The newest {formatQuantity(rows.length)} of {formatQuantity(total)};{" "}
          <Link href={`/orders?client=${clientId}`} className="text-accent underline">
            all of them
          </Link>
        </p>
      ) : null}
    </>
  );
}
