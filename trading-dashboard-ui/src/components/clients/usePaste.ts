import { useState } from "react";
import { toast } from "@/components/ui";
import { formatQuantity } from "@/format";
import { codeKey, layColumn, matchByCode, readPaste } from "@/rules/paste";
import { portfolioStore } from "@/store/portfolioStore";
import { tradeStore } from "@/store/tradeStore";
import type { PasteReview } from "./PasteDialog";

/** Quantities from a sheet: applied at once where everything fits, else shown first. */
export function usePaste(ids: readonly string[]) {
  const [review, setReview] = useState<PasteReview | null>(null);

  const take = (text: string, fromId: string | null) => {
    const pasted = readPaste(text);
    if (pasted.kind === "refused") {
      setReview({ kind: "refused", reason: pasted.reason });
      return;
    }
    if (pasted.kind === "pairs") {
      const match = matchByCode(pasted.rows, idsByCode());
      const shown = new Set(ids);
      const hidden = [...match.matched.keys()].filter((id) => !shown.has(id)).length;
      const isPlain = match.unknown.length + match.repeated.length + match.unusable.length + hidden === 0;
      if (isPlain) apply({ kind: "codes", match, hidden });
      else setReview({ kind: "codes", match, hidden });
      return;
    }
    const fit = layColumn(pasted.cells, ids, fromId === null ? 0 : Math.max(0, ids.indexOf(fromId)));
    if (fit.left === 0 && fit.unusable === 0) apply({ kind: "column", fit });
    else setReview({ kind: "column", fit });
  };

  const apply = (what: PasteReview) => {
    setReview(null);
    if (what.kind !== "codes" && what.kind !== "column") return;
    const changes = what.kind === "codes" ? what.match.matched : what.fit.changes;
    tradeStore.getState().changeQuantities(changes);
    toast({
      id: "paste",
      title: `${formatQuantity(changes.size)} quantities pasted`,
      description: "Ctrl+Z, or Undo below, takes it back.",
    });
  };

  return {
    review,
    ask: () => setReview({ kind: "ask" }),
    take,
    read: (text: string) => take(text, null),
    apply: () => review !== null && apply(review),
    close: () => setReview(null),
  };
}

function idsByCode(): ReadonlyMap<string, string> {
  return new Map(portfolioStore.getState().clients.map((row) => [codeKey(row.mofsl_client_code), row.id]));
}
