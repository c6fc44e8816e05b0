/** Instants for a person: always Asia/Kolkata, always 24 hours. The server sends ISO 8601 in UTC. */
import { NOT_KNOWN } from "./numbers";

const ZONE = "Asia/Kolkata";
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const day = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "2-digit", month: "short" });
const fullDay = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "2-digit", month: "short", year: "numeric" });
const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

/** ISO text, milliseconds since 1970, or nothing. */
export type Moment = string | number | null | undefined;

function dateOf(moment: Moment): Date | null {
  if (moment === null || moment === undefined || moment === "") return null;
  const found = new Date(moment);
  return Number.isNaN(found.getTime()) ? null : found;
}

/** `10:43:10` */
export function formatTime(moment: Moment): string {
  const date = dateOf(moment);
  return date === null ? NOT_KNOWN : clock.format(date);
}

/** `10:43:10.221`, for the audit trail */
export function formatTimeMs(moment: Moment): string {
  const date = dateOf(moment);
  return date === null ? NOT_KNOWN : `${clock.format(date)}.${String(date.getUTCMilliseconds()).padStart(3, "0")}`;
}

/** `22 Nov` */
export function formatDay(moment: Moment): string {
  const date = dateOf(moment);
  return date === null ? NOT_KNOWN : day.format(date);
}

/** `22 Nov 2026, 10:43:10 IST` */
export function formatMoment(moment: Moment): string {
  const date = dateOf(moment);
  return date === null ? NOT_KNOWN : `${fullDay.format(date)}, ${clock.format(date)} IST`;
}

/** The trading day that `moment` falls on, as `2026-11-22`. */
export function tradingDay(moment: Moment): string {
  const date = dateOf(moment);
  return date === null ? "" : isoDay.format(date);
}

/** `0.3 s`, `12 s`, `4 min`, `2 h`, `3 d`. A moment that lies ahead by a clock's error is 0.0 s old. */
export function formatAge(ageMs: number | null | undefined): string {
  if (ageMs === null || ageMs === undefined || !Number.isFinite(ageMs)) return NOT_KNOWN;
  const seconds = Math.max(0, ageMs) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.max(10, Math.floor(seconds))} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `0:28`, `12:07`, `1:02:33` */
export function formatDuration(durationMs: number | null | undefined): string {
  if (durationMs === null || durationMs === undefined || !Number.isFinite(durationMs)) return NOT_KNOWN;
  const total = Math.max(0, Math.floor(durationMs / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const tail = String(seconds).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
