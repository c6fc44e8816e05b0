/** When an intraday trade is late: the broker publishes no hour, and 15:00 is what the desk plans with (MARKET.md). */
import { formatTime } from "@/format";

const FROM = "15:00:00";
const UNTIL = "15:40:00";

export function isPastIntradayCutOff(now: number): boolean {
  const time = formatTime(now);
  return time >= FROM && time < UNTIL;
}
