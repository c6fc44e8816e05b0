/** One socket per tab that comes back for ever: after losses, after clean closes, and after a silence. */
import { WebSocket as PartySocket } from "partysocket";
import { type Frame, hear } from "./liveFrames";

const FIRST_RETRY_MS = 250;
const JITTER_MS = 350; // not every tab at once
const LONGEST_RETRY_MS = 3_000;
const CONNECT_TIMEOUT_MS = 4_000;
const STABLE_AFTER_MS = 3_000;
const DEAD_AFTER_MS = 8_000; // open, yet silent for so long: a line that only seems to stand
const LOOK_EVERY_MS = 1_000;
export const CLOSED_BY_SESSION = 1008;

export interface LiveHandlers {
  onFrame: (frame: Frame) => void;
  /** A frame was missed or could not be read: what is shown may be wrong until it is read anew. */
  onGap: () => void;
  onOpen: () => void;
  /** `code` is the close code, 1006 where there was none. */
  onClose: (code: number) => void;
  onMessage: () => void;
}

export interface LiveConnection {
  close: () => void;
}

export function connectLive(url: string, handlers: LiveHandlers): LiveConnection {
  let lastSeq: number | null = null;
  let heardAt = Date.now();

  const open = () => {
    heardAt = Date.now();
    const line = new PartySocket(url, [], {
      maxEnqueuedMessages: 0, // nothing is ever said over it, so nothing may be repeated
      minReconnectionDelay: FIRST_RETRY_MS + Math.random() * JITTER_MS,
      maxReconnectionDelay: LONGEST_RETRY_MS,
      reconnectionDelayGrowFactor: 1.5,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      minUptime: STABLE_AFTER_MS,
      maxRetries: Number.POSITIVE_INFINITY,
    });
    line.addEventListener("open", () => {
      lastSeq = null;
      heardAt = Date.now();
      handlers.onOpen();
    });
    line.addEventListener("close", (event) => handlers.onClose(event.code));
    line.addEventListener("message", (event: MessageEvent<unknown>) => {
      heardAt = Date.now();
      handlers.onMessage();
      read(event.data);
    });
    return line;
  };

  const read = (text: unknown) => {
    const heard = hear(text);
    if (heard.kind === "unreadable") {
      handlers.onGap();
      return;
    }
    const seq = heard.kind === "frame" ? heard.frame.seq : heard.seq;
    const isMissing = lastSeq !== null && seq !== lastSeq + 1;
    lastSeq = seq;
    if (isMissing) handlers.onGap();
    if (heard.kind === "frame") handlers.onFrame(heard.frame);
  };

  let line = open();

  const isDead = () => Date.now() - heardAt > DEAD_AFTER_MS;
  /** A new line at once, whatever wait the old one is in. */
  const again = () => {
    line.close();
    line = open();
  };
  const look = setInterval(() => {
    if (line.readyState === line.OPEN && isDead()) again();
  }, LOOK_EVERY_MS);
  const onBack = () => {
    if (document.visibilityState === "visible" && (line.readyState !== line.OPEN || isDead())) again();
  };
  addEventListener("online", onBack);
  document.addEventListener("visibilitychange", onBack);

  return {
    close: () => {
      clearInterval(look);
      removeEventListener("online", onBack);
      document.removeEventListener("visibilitychange", onBack);
      line.close();
    },
  };
}

/** Where the socket is: the same host as the API, as the cookie and the Origin ask for. */
export function liveUrl(baseUrl: string): string {
  const url = new URL("/ws/updates", baseUrl === "" ? location.origin : baseUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("batched", "1");
  return url.href;
}
