import { Head, Table, Td, Th } from "@/components/ui";
import { formatDay, formatMoment, formatTimeMs } from "@/format";
import type { AuditEvent } from "@/services/audit";

export function AuditTable({ events }: { events: readonly AuditEvent[] }) {
  return (
    <Table label="Audit events">
      <Head>
        <Th>Time (IST)</Th>
        <Th>Who</Th>
        <Th>What</Th>
        <Th>Subject</Th>
        <Th>Details</Th>
        <Th>From</Th>
        <Th numeric>No.</Th>
      </Head>
      <tbody>
        {events.map((event) => (
          <tr key={event.sequence} className="align-top hover:bg-sunken">
            <Td className="py-1 whitespace-nowrap tabular-nums" title={formatMoment(event.at)}>
              {formatDay(event.at)} {formatTimeMs(event.at)}
            </Td>
            <Td className="max-w-56 truncate py-1" title={event.actor}>
              {event.actor}
            </Td>
            <Td className="py-1 font-medium whitespace-nowrap">{event.action}</Td>
            <Td className="max-w-48 truncate py-1 font-mono text-xs" title={event.subject ?? ""}>
              {event.subject ?? ""}
            </Td>
            <Td className="py-1">
              <Details detail={event.detail} />
            </Td>
            <Td className="py-1 whitespace-nowrap">{event.source_address ?? ""}</Td>
            <Td numeric className="py-1" title={`Hash ${event.hash}`}>
              {event.sequence}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** Every field in words; what is long or nested folds. Untrusted text stays text. */
function Details({ detail }: { detail: AuditEvent["detail"] }) {
  const fields = Object.entries(detail);
  if (fields.length === 0) return null;
  const short = fields.filter(([, value]) => typeof value !== "object" || value === null);
  const nested = fields.filter(([, value]) => typeof value === "object" && value !== null);
  return (
    <>
      <span className="break-words">{short.map(([name, value]) => `${name}: ${String(value)}`).join(" · ")}</span>
      {nested.length > 0 ? (
        <details>
          <summary className="cursor-pointer text-accent">{nested.map(([name]) => name).join(", ")}</summary>
          <pre className="max-w-xl overflow-auto text-xs">{JSON.stringify(Object.fromEntries(nested), null, 2)}</pre>
        </details>
      ) : null}
    </>
  );
}
