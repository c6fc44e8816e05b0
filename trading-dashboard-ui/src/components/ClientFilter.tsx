import { useState } from "react";
import { Combobox } from "@/components/ui";
import type { ClientRow } from "@/services/clients";
import { usePortfolio } from "@/store/portfolioStore";

const MOST_SHOWN = 30;

interface ClientFilterProps {
  /** The client's id; empty for all. */
  value: string;
  onChange: (id: string) => void;
}

/** One client, or all: found by a part of the code or name. */
export function ClientFilter({ value, onChange }: ClientFilterProps) {
  const clients = usePortfolio((store) => store.clients);
  const chosen = clients.find((client) => client.id === value) ?? null;
  const [text, setText] = useState("");
  const [shown, setShown] = useState<string | null>(null);
  if (shown !== (chosen?.id ?? "")) {
    setShown(chosen?.id ?? "");
    setText(chosen === null ? "" : labelOf(chosen));
  }
  const wanted = chosen !== null && text === labelOf(chosen) ? "" : text.trim().toLowerCase();
  const found = clients.filter((client) => labelOf(client).toLowerCase().includes(wanted));
  return (
    <Combobox
      label="Client"
      hideLabel
      placeholder="Any client"
      className="w-56"
      items={found.slice(0, MOST_SHOWN)}
      value={chosen}
      onChange={(next) => onChange(next?.id ?? "")}
      text={text}
      onTextChange={(next) => {
        setText(next);
        if (next === "" && chosen !== null) onChange("");
      }}
      keyOf={(client) => client.id}
      labelOf={labelOf}
      status={found.length === 0 ? "No client is called that." : ""}
    >
      {labelOf}
    </Combobox>
  );
}

function labelOf(client: ClientRow): string {
  return `${client.mofsl_client_code} ${client.name}`;
}
