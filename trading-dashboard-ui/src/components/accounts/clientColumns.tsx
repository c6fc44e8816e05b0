import { type Column, LOGIN_STATE, StatusBadge } from "@/components/ui";
import { formatDay, formatMoment } from "@/format";
import type { SessionOf } from "@/rules/accountFilters";
import type { Account, Dealer, Egress } from "@/services/accounts";

interface ClientColumns {
  sessionOf: SessionOf;
  dealers: readonly Dealer[];
  egresses: readonly Egress[];
  onOpen: (id: string) => void;
}

export function clientColumns({ sessionOf, dealers, egresses, onOpen }: ClientColumns): Column<Account>[] {
  const dealerOf = new Map(dealers.map((dealer) => [dealer.id, dealer]));
  const egressOf = new Map(egresses.map((egress) => [egress.id, egress]));
  const wayOf = (client: Account) => egressOf.get(client.egress_id ?? "")?.name ?? "this machine";
  return [
    {
      key: "code",
      header: "Code",
      width: "7.5rem",
      isRowHeader: true,
      cell: (client) => (
        <button
          type="button"
          className="font-medium text-accent underline"
          aria-label={`Edit ${client.mofsl_client_code}`}
          onClick={() => onOpen(client.id)}
        >
          {client.mofsl_client_code}
        </button>
      ),
    },
    { key: "name", header: "Name", width: "12rem", cell: (client) => client.name, title: (client) => client.name },
    {
      key: "groups",
      header: "Groups",
      width: "8rem",
      cell: (client) => client.groups.join(", ") || "—",
      title: (client) => client.groups.join(", "),
    },
    { key: "active", header: "Active", width: "4.5rem", cell: (client) => (client.is_active ? "yes" : "no") },
    {
      key: "secrets",
      header: "Secrets",
      width: "9rem",
      cell: (client) => {
        const dealer = dealerOf.get(client.dealer_id ?? "");
        if (client.dealer_id !== null) return `dealer's (${dealer?.dealer_code ?? "?"})`;
        return client.has_credentials ? "set" : <span className="font-medium text-warning">⚠ not set</span>;
      },
    },
    { key: "way", header: "Leaves by", width: "8rem", cell: wayOf, title: wayOf },
    {
      key: "session",
      header: "Session",
      width: "7.5rem",
      cell: (client) => {
        const session = sessionOf(client.id);
        return client.is_active && session ? <StatusBadge look={LOGIN_STATE[session.state]} /> : "—";
      },
    },
    {
      key: "reason",
      header: "Why not",
      width: "auto",
      cell: (client) => (client.is_active ? (sessionOf(client.id)?.reason ?? "—") : "—"),
      title: (client) => sessionOf(client.id)?.reason ?? "",
    },
    {
      key: "changed",
      header: "Changed",
      width: "6.5rem",
      cell: (client) => formatDay(client.updated_at),
      title: (client) => formatMoment(client.updated_at),
    },
  ];
}
