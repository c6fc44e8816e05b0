import { useEffect, useState } from "react";
import * as v from "valibot";
import { EMPTY_TICKET, type Ticket } from "@/rules/ticket";
import { instrument } from "@/services/tokens";
import { clearDraft, readDraft, writeDraft } from "@/store/draftStorage";
import { useMe } from "@/store/sessionStore";
import { tradeStore } from "@/store/tradeStore";

const NAME = "trade";
const WRITE_AFTER_MS = 400;

const draft = v.object({
  ticket: v.object({
    side: v.nullable(v.picklist(["BUY", "SELL"])),
    market: v.picklist(["NSE", "BSE", "NSEFO", "BSEFO"]),
    instrument: v.nullable(instrument),
    tradeType: v.picklist(["DELIVERY", "INTRADAY", "MTF", "CARRYFORWARD"]),
    orderType: v.picklist(["MARKET", "LIMIT", "STOP_LIMIT"]),
    price: v.string(),
    trigger: v.string(),
    validity: v.picklist(["DAY", "IOC"]),
  }),
  quantities: v.array(v.tuple([v.string(), v.union([v.number(), v.string()])])),
});

export interface Restored {
  /** Milliseconds since 1970, this machine's clock. */
  savedAt: number;
  quantities: number;
}

/** Keeps the ticket and the quantities for this tab, and brings them back after a reload. Nothing is ever sent by it. */
export function useTradeDraft(): { restored: Restored | null; keep: () => void; discard: () => void } {
  const me = useMe();
  const [restored, setRestored] = useState<Restored | null>(() => restore(me.id));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = () => {
      clearTimeout(timer);
      timer = undefined;
      save(me.id);
    };
    const stop = tradeStore.subscribe((now, before) => {
      if (now.ticket === before.ticket && now.history.present === before.history.present) return;
      timer ??= setTimeout(write, WRITE_AFTER_MS);
    });
    const leave = () => {
      if (timer !== undefined) write();
    };
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      stop();
      leave();
    };
  }, [me.id]);
  return {
    restored,
    keep: () => setRestored(null),
    discard: () => {
      tradeStore.getState().restore(EMPTY_TICKET, new Map());
      setRestored(null);
    },
  };
}

function save(userId: string): void {
  const { ticket, history } = tradeStore.getState();
  if (isUntouched(ticket) && history.present.size === 0) clearDraft(userId, NAME);
  else writeDraft(userId, NAME, { ticket, quantities: [...history.present] });
}

/** Only into a page that nobody has touched yet. */
function restore(userId: string): Restored | null {
  const { ticket, history, restore: put } = tradeStore.getState();
  if (!isUntouched(ticket) || history.present.size > 0) return null;
  const found = readDraft(userId, NAME, draft);
  if (found === null) return null;
  put(found.value.ticket, new Map(found.value.quantities));
  return { savedAt: found.savedAt, quantities: found.value.quantities.length };
}

function isUntouched(ticket: Ticket): boolean {
  return JSON.stringify(ticket) === JSON.stringify(EMPTY_TICKET);
}
