import clsx from "clsx";
import { useRef, useState } from "react";
import { formatQuantity } from "@/format";
import { checkOf, useTradeContext } from "@/hooks/useTradeFacts";
import { type Cell, cellOf } from "@/rules/quantities";
import { useTableLook } from "@/store/tableStore";
import { tradeStore, useCell } from "@/store/tradeStore";
import { useClientRow } from "./cells";
import type { CellProps } from "./columns";

/**
 * One client's quantity. Focus selects it all, so that the first digit replaces; what is typed counts at once; Esc brings
 * back what was there before. Text, so that neither wheel nor arrow keys change it. Moving is the table's matter.
 */
export function QuantityCell({ clientId }: CellProps) {
  const context = useTradeContext();
  const cell = useCell(clientId);
  const row = useClientRow(clientId);
  const isTabStop = useTableLook((look) => look.activeId === clientId);
  const before = useRef<Cell | null>(null);
  const [text, setText] = useState<string | null>(null); // as typed, while it means what is stored
  const check = row === null ? null : checkOf(context, cell, row);
  const isWrong = check?.level === "block";
  const shown = text !== null && cellOf(text) === cell ? text : textOf(cell);

  return (
    <input
      type="text"
      inputMode="numeric"
      autoComplete="off"
      spellCheck={false}
      maxLength={20}
      data-quantity={clientId}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={`Quantity for ${row?.name ?? "client"}, ${row?.mofsl_client_code ?? ""}`}
      aria-invalid={isWrong || undefined}
      aria-describedby={check === null ? undefined : `check-${clientId}`}
      value={shown}
      onFocus={(event) => {
        before.current = cell;
        event.currentTarget.select();
        useTableLook.setState({ activeId: clientId, hasFocus: true });
      }}
      onBlur={() => {
        setText(null);
        useTableLook.setState({ hasFocus: false });
      }}
      onMouseDown={(event) => {
        if (document.activeElement === event.currentTarget) return;
        event.preventDefault(); // or the click would undo the selection
        event.currentTarget.focus();
      }}
      onChange={(event) => {
        setText(event.target.value);
        tradeStore.getState().typeQuantity(clientId, event.target.value);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || cell === before.current) return;
        event.stopPropagation();
        setText(null);
        tradeStore.getState().typeQuantity(clientId, textOf(before.current));
        const input = event.currentTarget;
        requestAnimationFrame(() => input.select());
      }}
      className={clsx(
        "h-6 w-full rounded border bg-surface px-1.5 text-right tabular-nums",
        isWrong ? "border-2 border-bad" : "border-line-strong",
      )}
    />
  );
}

function textOf(cell: Cell | null): string {
  return cell === null ? "" : typeof cell === "number" ? formatQuantity(cell) : cell;
}
