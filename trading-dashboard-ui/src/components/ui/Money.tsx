import clsx from "clsx";
import {
  DIRECTION_GLYPH,
  type Direction,
  directionOfMoney,
  directionOfPaise,
  formatCompactRupees,
  formatMoney,
  formatRupees,
  formatSignedMoney,
  formatSignedPaise,
  type MoneyValue,
} from "@/format";
import { usePreferences } from "@/store/preferencesStore";

const COLOURS: Record<Direction, string> = { up: "text-gain", down: "text-loss", flat: "" };

interface MoneyProps {
  value: MoneyValue;
  /** For totals: lakhs and crores where the person chose so; the full value is in the title. */
  summary?: boolean;
  className?: string;
}

/** An exact amount. Unknown is "—". */
export function Money({ value, summary = false, className }: MoneyProps) {
  const numberStyle = usePreferences((kept) => kept.numberStyle);
  const shortens = summary && numberStyle === "lakh-crore";
  return (
    <span
      className={clsx("tabular-nums whitespace-nowrap", className)}
      title={shortens ? formatRupees(value) : undefined}
    >
      {shortens ? formatCompactRupees(value) : summary ? formatRupees(value) : formatMoney(value)}
    </span>
  );
}

type ProfitLossProps = ({ value: MoneyValue } | { paise: number | null | undefined }) & {
  /** Older than the limit: shown in italics. */
  stale?: boolean;
  className?: string;
};

/** Profit or loss: by sign and ▲▼ first, by colour last. Zero is neutral, unknown is "—". */
export function ProfitLoss({ stale = false, className, ...given }: ProfitLossProps) {
  const isLive = "paise" in given;
  const direction = isLive ? directionOfPaise(given.paise) : directionOfMoney(given.value);
  const text = isLive ? formatSignedPaise(given.paise) : formatSignedMoney(given.value);
  return (
    <span
      className={clsx("tabular-nums whitespace-nowrap", stale ? "text-ink-soft italic" : COLOURS[direction], className)}
    >
      {direction === "flat" ? null : <span aria-hidden>{DIRECTION_GLYPH[direction]} </span>}
      {text}
    </span>
  );
}
