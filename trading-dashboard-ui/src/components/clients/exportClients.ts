import { toast } from "@/components/ui";
import { counted } from "@/format";
import { checkOf, heldBy, type TradeContext } from "@/hooks/useTradeFacts";
import { csvOf, download } from "@/services/textFile";
import { portfolioStore } from "@/store/portfolioStore";
import { tradeStore } from "@/store/tradeStore";

const COLUMNS = [
  "Code",
  "Client name",
  "Groups",
  "Available funds",
  "P&L",
  "Held",
  "Quantity",
  "Check",
  "Session",
  "As of",
];

/** Save the shown clients, in their order, as a file that spreadsheets open without running anything in it. */
export async function exportClients(ids: readonly string[], context: TradeContext): Promise<void> {
  const { clients, indexOf, plPaise } = portfolioStore.getState();
  const quantities = tradeStore.getState().history.present;
  const lines = ids.flatMap((id) => {
    const index = indexOf.get(id) ?? -1;
    const row = clients[index];
    if (row === undefined) return [];
    const paise = plPaise[index] ?? Number.NaN;
    const cell = quantities.get(id) ?? null;
    return [
      [
        row.mofsl_client_code,
        row.name,
        row.groups.join(" "),
        row.available_funds ?? "",
        Number.isNaN(paise) ? "" : (paise / 100).toFixed(2),
        heldBy(context, id)?.toString() ?? "",
        cell?.toString() ?? "",
        checkOf(context, cell, row)?.word ?? "",
        row.session.state,
        row.as_of ?? "",
      ],
    ];
  });
  download("clients.csv", await csvOf({ columns: COLUMNS, rows: lines }));
  toast({ id: "export", title: `${counted(lines.length, "client")} saved as clients.csv` });
}
