import { Head, ORDER_STATUS, type OrderStatus, Table, Td, Th } from "@/components/ui";
import { formatTimeMs } from "@/format";
import { eventWords, newestFirst, sourceWords } from "@/rules/orderEvents";
import type { OrderDetail } from "@/services/orders";

/** Every step of an order with who or what caused it, all of them in view, the newest on top. */
export function OrderLife({ events }: { events: OrderDetail["events"] }) {
  return (
    <>
      <h3 className="font-semibold">Its life, the newest first</h3>
      <Table label="Events" className="shrink-0">
        <Head>
          <Th>Time (IST)</Th>
          <Th>State</Th>
          <Th>What happened</Th>
          <Th>Told by</Th>
        </Head>
        <tbody>
          {newestFirst(events).map((event) => (
            <tr key={`${event.at} ${event.to_status} ${event.source} ${event.code}`}>
              <Td className="tabular-nums whitespace-nowrap">{formatTimeMs(event.at)}</Td>
              <Td className="whitespace-nowrap">{stateWords(event.from_status, event.to_status)}</Td>
              <Td>{eventWords(event) || "—"}</Td>
              <Td>{sourceWords(event.source)}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

function stateWords(before: string | null, after: string): string {
  return before === null || before === after ? labelOf(after) : `${labelOf(before)} → ${labelOf(after)}`;
}

function labelOf(status: string): string {
  return ORDER_STATUS[status as OrderStatus]?.label ?? status;
}
