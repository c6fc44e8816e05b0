import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { isTotalTyped, isTyped, PREVIEW_LASTS_MS, SendProblem, TypedConfirm } from "@/components/results";
import { deskMode, MODE_LOOK } from "@/components/shell/deskMode";
import { AlertDialog, Button, ErrorNote, Loading } from "@/components/ui";
import { formatDuration, formatPrice, formatQuantity } from "@/format";
import { useClientCodes } from "@/hooks/useClientCodes";
import { useNow } from "@/hooks/useNow";
import type { SendOnce } from "@/hooks/useSendOnce";
import { clientsOf, isOk, mustTypeTotal } from "@/rules/confirmation";
import { dematSentence } from "@/rules/exitTerms";
import { TRADE_TYPE_NAME } from "@/rules/products";
import { type ExitRequest, previewExit } from "@/services/exits";
import { serverNow } from "@/services/serverClock";
import { SAFETY } from "@/store/safety";
import { ExitPlanView } from "./ExitPlanView";

interface ExitDialogProps {
  instrument: { id: string; symbol: string };
  request: ExitRequest;
  /** Whose: "every holder", "3 clients", "A. Kulkarni". */
  scope: string;
  press: SendOnce<ExitRequest>;
  onClose: () => void;
}

/**
 * The last look before an exit. Every position is read for it, Cancel has the focus, and to exit everybody the symbol is
 * typed by hand.
 */
export function ExitDialog({ instrument, request, scope, press, onClose }: ExitDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  const now = useNow();
  const codeOf = useClientCodes();
  const [typed, setTyped] = useState("");
  const seen = useQuery({
    queryKey: ["exit", "preview", instrument.id, request],
    queryFn: async ({ signal }) => {
      const at = serverNow();
      return { plan: await previewExit(instrument.id, request, signal), at };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    placeholderData: () => undefined,
  });
  const plan = seen.data?.plan;
  const leftMs = seen.data === undefined ? 0 : seen.data.at + PREVIEW_LASTS_MS - now;
  const isOld = plan !== undefined && leftMs <= 0;
  const isSending = press.state.phase === "sending" || press.state.phase === "unknown";
  const isForAll = request.client_ids == null;
  const mustTypeSum = plan !== undefined && !isForAll && mustTypeTotal(plan, SAFETY);
  const isConfirmed =
    plan !== undefined && (isForAll ? isTyped(typed, bareSymbol(instrument.symbol)) : isTotalTyped(plan, typed));
  const orders = plan?.summary.ok ?? 0;
  const clients = plan === undefined ? 0 : clientsOf(plan.results.filter(isOk));
  const act = `Exit ${formatQuantity(clients)} ${clients === 1 ? "client" : "clients"}`;
  const again = () => {
    press.reset();
    setTyped("");
    void seen.refetch();
  };

  return (
    <AlertDialog
      open
      {...(isSending ? {} : { onCancel: onClose })}
      tone="danger"
      initialFocus={cancel}
      title={plan !== undefined && orders === 0 ? "Nothing can be exited" : `Exit ${instrument.symbol} for ${scope}?`}
      description={
        <>
          {instrument.id.split(":")[0]} · {request.trade_type ? TRADE_TYPE_NAME[request.trade_type] : "all products"} ·{" "}
          {request.price ? `Limit ${formatPrice(String(request.price))}` : "Market, protected"} ·{" "}
          <strong>{MODE_LOOK[deskMode()].badge}</strong>
        </>
      }
      actions={
        <>
          <Button ref={cancel} size="large" onClick={onClose} disabled={isSending} focusableWhenDisabled>
            Cancel
          </Button>
          {isOld || seen.isError || press.state.phase === "refused" ? (
            <Button size="large" tone="primary" onClick={again}>
              Preview again
            </Button>
          ) : (
            <Button
              size="large"
              tone="danger"
              focusableWhenDisabled
              disabled={!isConfirmed || orders === 0 || isSending || seen.isFetching}
              onClick={() => press.send(request)}
            >
              {isSending ? "Sending…" : act}
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {seen.isFetching ? <Loading what="every position at the broker" /> : null}
        {seen.isError ? <ErrorNote title="The preview failed; nothing was sent" error={seen.error} /> : null}
        {plan && !seen.isFetching ? (
          <>
            <ExitPlanView plan={plan} codeOf={codeOf} />
            <Rules instrumentId={instrument.id} request={request} />
            {orders === 0 || isOld ? null : isForAll ? (
              <TypedConfirm expected={bareSymbol(instrument.symbol)} label="Symbol" value={typed} onChange={setTyped} />
            ) : mustTypeSum ? (
              <TypedConfirm
                expected={String(plan.summary.total_quantity)}
                label="Total quantity"
                value={typed}
                onChange={setTyped}
              />
            ) : null}
            <p className="text-sm text-ink-soft tabular-nums">
              {isOld ? "This preview is too old; preview again." : `Preview ${formatDuration(leftMs)} left`}
            </p>
          </>
        ) : null}
        <SendProblem state={press.state} onAgain={press.again} />
      </div>
    </AlertDialog>
  );
}

/** `RELIANCE` of `RELIANCE EQ`: what stands on the screen, without its series. */
export function bareSymbol(symbol: string): string {
  return symbol.replace(/ (EQ|BE|BZ|A|B|T|X|XT|Z)$/, "");
}

/** What the desk does at the press, which a preview cannot show. */
function Rules({ instrumentId, request }: { instrumentId: string; request: ExitRequest }) {
  const exchange = instrumentId.split(":")[0] ?? "";
  const isCash = exchange === "NSE" || exchange === "BSE";
  return (
    <ul className="list-disc pl-5 text-sm text-ink-soft">
      <li>
        The desk first cancels what works for these clients on it, reads every position again, and exits what it then
        finds: never more, never across to the other side.
      </li>
      <li>For whom an exit already runs, this one joins it; no second order goes out.</li>
      {isCash ? <li>{dematSentence(exchange, request)}</li> : null}
    </ul>
  );
}
