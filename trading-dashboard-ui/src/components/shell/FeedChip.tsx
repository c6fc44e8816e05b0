import { useSyncExternalStore } from "react";
import { FEED_STATE, type Look, StatusBadge } from "@/components/ui";
import { formatAge, formatTime } from "@/format";
import { useNow } from "@/hooks/useNow";
import { type ConnectionStore, livenessOf, unheardSince, useConnection } from "@/store/connectionStore";

const LINE: Record<"delayed" | "connecting" | "reconnecting" | "offline", Look> = {
  delayed: { label: "Silent", tone: "warning", glyph: "◐", meaning: "The line is open, but nothing comes." },
  connecting: { label: "Connecting", tone: "progress", glyph: "…", meaning: "The live line is being opened." },
  reconnecting: { label: "Reconnecting", tone: "warning", glyph: "↻", meaning: "The live line was lost." },
  offline: { label: "Not heard", tone: "bad", glyph: "○", meaning: "Nothing is heard of the desk." },
};

/** How fresh the screen is: by the age of the last message, then by what the desk says of the broker's feed. */
export function FeedChip() {
  const connection = useConnection();
  const now = useNow();
  const isOnline = useSyncExternalStore(onlineChanges, () => navigator.onLine);
  const { look, about, text } = chipOf(connection, now, isOnline);
  return (
    <StatusBadge look={look}>
      <span>{about}</span> {text}
    </StatusBadge>
  );
}

interface Chip {
  look: Look;
  /** What the words are about: the broker's feed can be told of only while the desk is heard. */
  about: "Desk" | "Feed";
  text: string;
}

export function chipOf(connection: ConnectionStore, now: number, isOnline: boolean): Chip {
  const about = "Desk";
  const unheard = unheardSince(connection, now);
  if (unheard !== null) return { look: LINE.offline, about, text: `not heard since ${formatTime(unheard)}` };
  const line = livenessOf(connection, now, isOnline);
  switch (line.state) {
    case "connecting":
      return { look: LINE.connecting, about, text: "connecting" };
    case "delayed":
      return { look: LINE.delayed, about, text: `silent ${formatAge(line.ageMs)}` };
    case "reconnecting":
      return { look: LINE.reconnecting, about, text: `reconnecting (${line.tries})` };
    case "offline":
      return { look: LINE.offline, about, text: `not heard since ${formatTime(line.since)}` };
    case "live": {
      const { feed } = connection;
      if (feed === null || feed.status === "live")
        return { look: FEED_STATE.live, about: "Feed", text: `live ${formatAge(line.ageMs)}` };
      const look =
        feed.reason === null ? FEED_STATE[feed.status] : { ...FEED_STATE[feed.status], meaning: feed.reason };
      const lastTick = feed.lastTickAt === null ? "no price yet" : `last price ${formatTime(feed.lastTickAt)}`;
      return { look, about: "Feed", text: `prices ${look.label}, ${lastTick}` };
    }
  }
}

function onlineChanges(heed: () => void): () => void {
  addEventListener("online", heed);
  addEventListener("offline", heed);
  return () => {
    removeEventListener("online", heed);
    removeEventListener("offline", heed);
  };
}
