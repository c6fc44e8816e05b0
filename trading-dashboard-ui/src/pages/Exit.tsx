import { useCallback, useMemo, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { ExitBar } from "@/components/exit/ExitBar";
import { ExitDialog } from "@/components/exit/ExitDialog";
import { ExitResult } from "@/components/exit/ExitResult";
import { ExitTermsPanel } from "@/components/exit/ExitTermsPanel";
import { HeldTable } from "@/components/exit/HeldTable";
import { HoldersPanel } from "@/components/exit/HoldersPanel";
import { PressNote, RunningExits } from "@/components/exit/PressNote";
import { Page } from "@/components/shell/Page";
import { formatQuantity } from "@/format";
import { useBatch } from "@/hooks/useBatch";
import { useExitNews, useHeldInstruments, useHolders, useHoldersSoon, useInstrument } from "@/hooks/useExits";
import { useFilters } from "@/hooks/useFilters";
import { useSendOnce } from "@/hooks/useSendOnce";
import { type ExitTerms, exitRequestOf, USUAL_TERMS } from "@/rules/exitTerms";
import { holdersShown, readBefore } from "@/rules/holders";
import { TRADE_TYPE_NAME } from "@/rules/products";
import { type ExitRequest, exitAll, type Holder } from "@/services/exits";
import type { Batch, TradeType } from "@/services/orderShapes";
import { useMay } from "@/store/sessionStore";

/** Choose what to exit; with an instrument in the address, its holders. */
export default function Exit() {
  const { token } = useParams<{ token?: string }>();
  useExitNews();
  const id = token === undefined ? null : decodeURIComponent(token);
  return id === null ? <Choose /> : <Chosen key={id} id={id} />;
}

function Choose() {
  const held = useHeldInstruments();
  const [, go] = useLocation();
  return (
    <Page title="Exit" fits>
      <ExitTermsPanel
        held={held.data?.items ?? []}
        chosen={null}
        instrument={null}
        instrumentError={null}
        terms={USUAL_TERMS}
        onChoose={(id) => go(`/exit/${id}`)}
        onTerms={() => undefined}
        disabled
      />
      <HeldTable found={held} />
    </Page>
  );
}

const DEFAULTS = { q: "", losing: "", product: "", client: "", batch: "" };

interface Asked {
  request: ExitRequest;
  scope: string;
}

function Chosen({ id }: { id: string }) {
  const [, go] = useLocation();
  const [filters, change] = useFilters(DEFAULTS);
  const tradeType = (Object.keys(TRADE_TYPE_NAME) as TradeType[]).find((one) => one === filters.product) ?? null;
  const [order, setOrder] = useState({ orderType: USUAL_TERMS.orderType, price: USUAL_TERMS.price });
  const terms: ExitTerms = { ...order, tradeType };
  const [selected, setSelected] = useState<ReadonlySet<string>>(() => new Set(filters.client ? [filters.client] : []));
  const [asked, setAsked] = useState<Asked | null>(null);
  const held = useHeldInstruments();
  const holders = useHolders(id);
  const listed = useInstrument(id);
  const mayExit = useMay("trade");
  const symbol = listed.data?.name ?? held.data?.items.find((one) => one.id === id)?.symbol ?? id;
  const instrument = { id, symbol };
  const onlyLosing = filters.losing !== "";
  const shown = useMemo(
    () => holdersShown(holders.data?.items ?? [], tradeType, { words: filters.q, onlyLosing }),
    [holders.data, tradeType, filters.q, onlyLosing],
  );
  const exit = useBatch(filters.batch);
  const before = useMemo(() => readBefore(holders.data?.items ?? [], exit.data?.rows ?? []), [holders.data, exit.data]);
  useHoldersSoon(id, before.size > 0);
  const press = useSendOnce<ExitRequest, Batch>(
    `exit.${id}`,
    (request, key) => exitAll(id, request, key),
    (batch) => {
      setAsked(null);
      setSelected(new Set()); // a second press must choose anew
      change({ batch: batch.batch_id, client: "" });
    },
  );
  const ask = (clientIds: readonly string[] | null, scope: string) => {
    const request = exitRequestOf(terms, clientIds);
    if (request !== null) setAsked({ request, scope });
  };
  const askOne = useCallback(
    ({ client_id, mofsl_client_code, client_name }: Holder) => {
      const request = exitRequestOf({ ...order, tradeType }, [client_id]);
      if (request !== null) setAsked({ request, scope: `${mofsl_client_code} ${client_name}` });
    },
    [order, tradeType],
  );

  return (
    <Page
      title={`Exit ${symbol}`}
      fits
      actions={
        <Link href="/exit" className="text-sm text-accent underline">
          All that is held
        </Link>
      }
    >
      <ExitTermsPanel
        held={held.data?.items ?? []}
        chosen={instrument}
        instrument={listed.data ?? null}
        instrumentError={listed.error}
        terms={terms}
        onChoose={(next) => go(`/exit/${next}`)}
        onTerms={({ tradeType: next, ...rest }) => {
          if (next !== undefined) change({ product: next ?? "" });
          setOrder((known) => ({ ...known, ...rest }));
        }}
        disabled={!mayExit}
      >
        <RunningExits instrumentId={id} />
      </ExitTermsPanel>
      <PressNote press={press} isDialogOpen={asked !== null} />
      {filters.batch ? <ExitResult batchId={filters.batch} onDismiss={() => change({ batch: "" })} /> : null}
      <HoldersPanel
        instrumentId={id}
        tradeType={tradeType}
        found={holders}
        shown={shown}
        words={filters.q}
        onlyLosing={onlyLosing}
        onFilter={change}
        selected={selected}
        onSelect={mayExit ? setSelected : null}
        onExit={askOne}
        before={before}
      />
      <ExitBar
        holders={holders.data?.items ?? null}
        shown={shown}
        selected={selected}
        exchange={id.split(":")[0] ?? ""}
        instrument={listed.data ?? null}
        symbol={symbol}
        terms={terms}
        mayExit={mayExit}
        isSettling={press.state.phase === "sending" || press.state.phase === "unknown"}
        onExitSelected={(ids) => ask(ids, ids.length === 1 ? "1 client" : `${formatQuantity(ids.length)} clients`)}
        onExitAll={() => ask(null, "every holder")}
      />
      {asked === null ? null : (
        <ExitDialog
          instrument={instrument}
          request={asked.request}
          scope={asked.scope}
          press={press}
          onClose={() => {
            press.reset();
            setAsked(null);
          }}
        />
      )}
    </Page>
  );
}
