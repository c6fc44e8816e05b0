import type { useVirtualizer } from "@tanstack/react-virtual";
import type { KeyboardEvent, RefObject } from "react";
import { flushSync } from "react-dom";
import { stepOf } from "@/rules/gridSteps";
import { useTableLook } from "@/store/tableStore";
import { tradeStore } from "@/store/tradeStore";
import { quantityIdOf } from "./Grid";

interface GridKeys {
  ids: readonly string[];
  scroller: RefObject<HTMLDivElement | null>;
  virtualizer: ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
  rowPx: number;
  onCopyDown: (fromId: string) => void;
}

/** What keys do while a quantity has the focus: they walk, mark, undo and copy down, and never leave the column. */
export function useGridKeys({ ids, scroller, virtualizer, rowPx, onCopyDown }: GridKeys) {
  const focusRow = (index: number) => {
    const id = ids[index];
    if (id === undefined) return;
    virtualizer.scrollToIndex(index, { align: "auto" });
    flushSync(() => useTableLook.setState({ activeId: id })); // mounts the row, wherever it is
    scroller.current
      ?.querySelector<HTMLInputElement>(`[data-quantity="${CSS.escape(id)}"]`)
      ?.focus({ preventScroll: true });
  };

  return (event: KeyboardEvent<HTMLDivElement>) => {
    const id = quantityIdOf(event.target);
    if (id === null || event.nativeEvent.isComposing) return;
    const act = actOf(event);
    if (act === null) return;
    event.preventDefault();
    const trade = tradeStore.getState();
    switch (act) {
      case "mark":
        trade.select([id], !trade.selected.has(id));
        return;
      case "undo":
        trade.undo();
        return;
      case "redo":
        trade.redo();
        return;
      case "copy down":
        onCopyDown(id);
        return;
      default: {
        const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowPx) / rowPx) - 2);
        focusRow(stepOf(act, ids.indexOf(id), ids.length, page));
      }
    }
  };
}

type Act = Parameters<typeof stepOf>[0] | "mark" | "undo" | "redo" | "copy down";

function actOf(event: KeyboardEvent): Act | null {
  const { key, shiftKey, altKey } = event;
  if (altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    switch (key.toLowerCase()) {
      case "z":
        return shiftKey ? "redo" : "undo";
      case "y":
        return "redo";
      case "d":
        return "copy down";
      case "home":
        return "first";
      case "end":
        return "last";
      default:
        return null;
    }
  }
  switch (key) {
    case "Enter":
      return shiftKey ? "up" : "down";
    case "ArrowDown":
      return "down";
    case "ArrowUp":
      return "up";
    case "PageDown":
      return "page down";
    case "PageUp":
      return "page up";
    case " ":
      return "mark";
    default:
      return null;
  }
}
