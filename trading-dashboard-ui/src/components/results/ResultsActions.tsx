import { Copy, Download, Printer } from "lucide-react";
import { Button, toast } from "@/components/ui";
import type { BatchState } from "@/rules/batchState";
import { resultTable } from "@/rules/resultsFile";
import { csvOf, download, tabbedText } from "@/services/textFile";

/** Evidence: all rows of the batch, whatever is filtered, with times and broker ids. */
export function ResultsActions({ state }: { state: BatchState }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await tabbedText(resultTable(state)));
      toast({ id: "copied", title: "Copied; paste it into a sheet." });
    } catch {
      toast({ id: "copied", tone: "warning", title: "The browser did not allow copying; use CSV." });
    }
  };
  const save = async () => download(`batch-${state.head.batch_id}.csv`, await csvOf(resultTable(state)));
  return (
    <div className="flex gap-1 print:hidden">
      <Button size="small" onClick={() => void copy()}>
        <Copy aria-hidden size={14} /> Copy
      </Button>
      <Button size="small" onClick={() => void save()}>
        <Download aria-hidden size={14} /> CSV
      </Button>
      <Button size="small" onClick={() => print()}>
        <Printer aria-hidden size={14} /> Print
      </Button>
    </div>
  );
}
