import { useState } from "react";
import { Button, Dialog } from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { type CodeMatch, type ColumnFit, readPaste } from "@/rules/paste";

export type PasteReview =
  | { kind: "ask" }
  | { kind: "refused"; reason: string }
  | { kind: "codes"; match: CodeMatch; hidden: number }
  | { kind: "column"; fit: ColumnFit };

interface PasteDialogProps {
  review: PasteReview;
  /** Text that somebody typed or pasted into the dialog. */
  onText: (text: string) => void;
  onApply: () => void;
  onClose: () => void;
}

/** Says what a paste would do before it does it, wherever that is not plain. */
export default function PasteDialog({ review, onText, onApply, onClose }: PasteDialogProps) {
  const [text, setText] = useState("");
  const asks = review.kind === "ask" || review.kind === "refused";
  const canApply = review.kind === "codes" ? review.match.matched.size > 0 : review.kind === "column";
  return (
    <Dialog
      open
      onClose={onClose}
      title={asks ? "Paste quantities" : "Look at this before it is applied"}
      description={
        asks
          ? "Two columns, client code and quantity, are matched by code. One column goes down from the first shown row."
          : "Nothing is changed yet."
      }
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {asks ? (
            <Button tone="primary" disabled={text.trim() === ""} onClick={() => onText(text)}>
              Read {formatQuantity(linesOf(text))} lines
            </Button>
          ) : (
            <Button tone="primary" disabled={!canApply} onClick={onApply}>
              {review.kind === "codes"
                ? `Apply the ${formatQuantity(review.match.matched.size)} that match`
                : `Apply the ${formatQuantity(review.kind === "column" ? review.fit.changes.size : 0)} that fit`}
            </Button>
          )}
        </>
      }
    >
      {asks ? (
        <>
          <textarea
            aria-label="Lines to paste"
            value={text}
            onChange={(event) => setText(event.target.value)}
            rows={10}
            spellCheck={false}
            placeholder={"MO10001\t40\nMO10002\t1,00,000"}
            className="w-full rounded border border-line-strong bg-surface p-2 font-mono text-sm"
          />
          {review.kind === "refused" ? (
            <p role="alert" className="text-sm font-medium text-bad">
              {review.reason}
            </p>
          ) : null}
        </>
      ) : null}
      {review.kind === "codes" ? <Codes match={review.match} hidden={review.hidden} /> : null}
      {review.kind === "column" ? <Column fit={review.fit} /> : null}
    </Dialog>
  );
}

function linesOf(text: string): number {
  const pasted = readPaste(text);
  return pasted.kind === "column" ? pasted.cells.length : pasted.kind === "pairs" ? pasted.rows.length : 0;
}

function Codes({ match, hidden }: { match: CodeMatch; hidden: number }) {
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p>
        <strong>{counted(match.matched.size, "client matches", "clients match")} by code.</strong>
        {hidden > 0 ? ` ${formatQuantity(hidden)} of them are hidden by the filters now.` : ""}
      </p>
      <Left title="Codes of nobody here" lines={match.unknown} />
      <Left
        title="Codes that come more than once, none of them taken"
        lines={match.repeated.map(({ code, quantities }) => `${code}: ${quantities.join(", ")}`)}
      />
      <Left
        title="No usable quantity"
        lines={match.unusable.map(({ code, text }) => `${code}: ${text || "(empty)"}`)}
      />
    </div>
  );
}

function Left({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className="font-semibold text-warning">
        ⚠ {title} ({formatQuantity(lines.length)})
      </h3>
      <ul
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1)
        tabIndex={0}
        aria-label={title}
        className="max-h-32 overflow-auto rounded border bg-sunken px-3 py-1 font-mono text-xs"
      >
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function Column({ fit }: { fit: ColumnFit }) {
  return (
    <p className="text-sm">
      <strong>{counted(fit.changes.size, "line goes", "lines go")} down from the row you are in.</strong>{" "}
      {fit.left > 0 ? `Left out, for there is no row: the last ${counted(fit.left, "line")}. ` : ""}
      {fit.unusable > 0 ? `${counted(fit.unusable, "is no quantity", "are no quantities")} and will be marked.` : ""}
    </p>
  );
}
