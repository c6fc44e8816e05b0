/**
 * Every status of the contract, and how it looks and reads: one table per kind, checked against the generated types, so
 * that a status which the server learns stops the build until it is named here.
 */
import type { FrameOf } from "@/services/liveFrames";
import type { components } from "@/types/api";

type Schemas = components["schemas"];
export type OrderStatus = Schemas["OrderStatus"];
export type OperationState = Schemas["OperationState"];
export type BatchStatus = Schemas["BatchStatus"];
export type ExitVerdict = Schemas["ExitVerdict"];
export type LoginState = Schemas["SessionState"];
export type MarketPhaseName = Schemas["Phase"];
export type FeedState = FrameOf<"feed_status">["status"];

export type Tone = "neutral" | "progress" | "good" | "warning" | "bad" | "unknown";

export interface Look {
  label: string;
  tone: Tone;
  /** Says it without colour. */
  glyph: string;
  /** One sentence for a tooltip. */
  meaning: string;
}

export const ORDER_STATUS: Record<OrderStatus, Look> = {
  blocked: { label: "blocked", tone: "bad", glyph: "⊘", meaning: "The desk refused it; nothing was sent." },
  queued: { label: "queued", tone: "progress", glyph: "…", meaning: "On record, waiting for its turn." },
  lapsed: { label: "lapsed", tone: "warning", glyph: "■", meaning: "Stopped or too late before it was sent." },
  sending: { label: "sending", tone: "progress", glyph: "↑", meaning: "On its way; its outcome is not known yet." },
  unknown: {
    label: "unknown",
    tone: "unknown",
    glyph: "?",
    meaning: "The answer was lost. The broker's books settle it; it is never sent again.",
  },
  acknowledged: {
    label: "accepted",
    tone: "progress",
    glyph: "→",
    meaning: "The broker took it and gave it a number.",
  },
  open: { label: "working", tone: "progress", glyph: "◌", meaning: "Seen working in the broker's book." },
  partially_filled: {
    label: "part filled",
    tone: "progress",
    glyph: "◐",
    meaning: "Some of it was executed, the rest works.",
  },
  filled: { label: "filled", tone: "good", glyph: "✓", meaning: "Executed in full." },
  cancelled: {
    label: "cancelled",
    tone: "neutral",
    glyph: "✕",
    meaning: "Cancelled; what was filled before stays filled.",
  },
  rejected: { label: "rejected", tone: "bad", glyph: "⊘", meaning: "The broker or the exchange refused it for good." },
  expired: { label: "expired", tone: "neutral", glyph: "◷", meaning: "Its validity ended." },
  absent: { label: "never arrived", tone: "warning", glyph: "∅", meaning: "The day's final books do not show it." },
};

export const OPERATION_STATE: Record<OperationState, Look> = {
  requested: { label: "change requested", tone: "progress", glyph: "…", meaning: "On record, waiting for its turn." },
  sending: { label: "sending change", tone: "progress", glyph: "↑", meaning: "On its way to the broker." },
  sent: { label: "change sent", tone: "progress", glyph: "→", meaning: "The broker took it; the book decides." },
  done: { label: "changed", tone: "good", glyph: "✓", meaning: "The broker's book shows it." },
  refused: { label: "change refused", tone: "bad", glyph: "⊘", meaning: "The broker refused the change." },
  unknown: { label: "change unknown", tone: "unknown", glyph: "?", meaning: "The answer was lost; the book decides." },
};

export const BATCH_STATUS: Record<BatchStatus, Look> = {
  running: { label: "running", tone: "progress", glyph: "◌", meaning: "Some orders have no outcome yet." },
  stopping: {
    label: "stopping",
    tone: "warning",
    glyph: "■",
    meaning: "Stopped; what was already leaving is awaited.",
  },
  completed: {
    label: "completed",
    tone: "good",
    glyph: "✓",
    meaning: "Every order has an outcome, unknown ones included.",
  },
};

export const EXIT_VERDICT: Record<ExitVerdict, Look> = {
  flat: { label: "flat", tone: "good", glyph: "✓", meaning: "A later read of the positions shows nothing." },
  reduced: { label: "reduced", tone: "warning", glyph: "◐", meaning: "A later read shows a rest." },
  cannot_tell: {
    label: "cannot tell",
    tone: "unknown",
    glyph: "?",
    meaning: "The position could not be read: it may still be open.",
  },
  running: { label: "running", tone: "progress", glyph: "◌", meaning: "Not finished yet." },
};

export const LOGIN_STATE: Record<LoginState, Look> = {
  ready: { label: "ready", tone: "good", glyph: "●", meaning: "Can trade now." },
  logging_in: { label: "logging in", tone: "progress", glyph: "…", meaning: "A login is under way." },
  absent: { label: "no session", tone: "warning", glyph: "○", meaning: "Not logged in at the broker today." },
  expired: { label: "expired", tone: "warning", glyph: "◷", meaning: "The broker ended the session." },
  refused: { label: "refused", tone: "bad", glyph: "⊘", meaning: "The broker refused the login." },
  unreachable: { label: "unreachable", tone: "unknown", glyph: "?", meaning: "The broker did not answer." },
};

export const FEED_STATE: Record<FeedState, Look> = {
  live: { label: "live", tone: "good", glyph: "●", meaning: "Prices arrive." },
  delayed: { label: "delayed", tone: "warning", glyph: "◐", meaning: "Prices may be old; their ages say how old." },
  down: { label: "down", tone: "bad", glyph: "○", meaning: "No connection to the broker's feed." },
};

export const MARKET_PHASE: Record<MarketPhaseName, Look> = {
  pre_open: {
    label: "pre-open",
    tone: "warning",
    glyph: "◔",
    meaning: "Orders are collected; trading has not started.",
  },
  open: { label: "open", tone: "good", glyph: "●", meaning: "Continuous trading." },
  closing: { label: "closing", tone: "warning", glyph: "◕", meaning: "Closing auction." },
  closed: { label: "closed", tone: "neutral", glyph: "○", meaning: "No trading now." },
  holiday: { label: "holiday", tone: "neutral", glyph: "○", meaning: "No trading today." },
};

/** A state that was true when the desk was heard last: grey, whatever it was, with its time. */
export function notKnownNow(look: Look, asOf: string): Look {
  return {
    label: `${look.label} ${asOf}`,
    tone: "neutral",
    glyph: "?",
    meaning: `${look.meaning} That is ${asOf}; whether it still is so is not known.`,
  };
}
