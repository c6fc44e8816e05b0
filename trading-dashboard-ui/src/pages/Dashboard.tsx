import { lazy, Suspense, useEffect } from "react";
import { ClientsTable } from "@/components/ClientsTable";
import { Page } from "@/components/shell/Page";
import { TradeConfigPanel } from "@/components/TradeConfigPanel";
import { TradeBar } from "@/components/trade/TradeBar";
import { Age, Button } from "@/components/ui";
import { counted } from "@/format";
import { type Restored, useTradeDraft } from "@/hooks/useTradeDraft";
import { TradeContextProvider, useNewTradeContext } from "@/hooks/useTradeFacts";
import { pagePart } from "@/services/pagePart";
import { portfolioStore } from "@/store/portfolioStore";
import { pressStore } from "@/store/pressStore";
import { useMay } from "@/store/sessionStore";

// Nothing to show before a press.
const PressNotes = lazy(pagePart(() => import("@/components/trade/PressNotes")));
const BatchStrip = lazy(pagePart(() => import("@/components/trade/BatchStrip")));

/** One instrument, every client, one press. */
export default function Dashboard() {
  const context = useNewTradeContext();
  const { restored, keep, discard } = useTradeDraft();
  const mayTrade = useMay("trade");
  useEffect(() => {
    if (portfolioStore.getState().loadingStatus === "idle") void portfolioStore.getState().fetchClients();
    pressStore.getState().resume();
  }, []);

  return (
    <TradeContextProvider value={context}>
      <Page title="Dashboard" hideTitle fits>
        {restored === null ? null : <RestoredNote restored={restored} onKeep={keep} onDiscard={discard} />}
        <TradeConfigPanel disabled={!mayTrade} />
        <Suspense fallback={null}>
          <PressNotes />
          <BatchStrip />
        </Suspense>
        <ClientsTable />
        <TradeBar />
      </Page>
    </TradeContextProvider>
  );
}

interface RestoredNoteProps {
  restored: Restored;
  onKeep: () => void;
  onDiscard: () => void;
}

function RestoredNote({ restored, onKeep, onDiscard }: RestoredNoteProps) {
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-2 rounded border border-warning bg-warning-soft px-3 py-1.5 text-sm text-warning"
    >
      <p className="grow">
        Restored what you had entered <Age at={restored.savedAt} /> ago (
        {restored.quantities === 0 ? "the ticket alone" : counted(restored.quantities, "quantity", "quantities")}).
        Nothing was sent by it.
      </p>
      <Button size="small" onClick={onKeep}>
        Keep it
      </Button>
      <Button size="small" onClick={onDiscard}>
        Discard it
      </Button>
    </div>
  );
}
