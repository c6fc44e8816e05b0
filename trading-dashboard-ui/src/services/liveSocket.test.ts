import type { Frame } from "@/services/liveFrames";
import { connectLive, type LiveConnection, liveUrl } from "@/services/liveSocket";

/** The browser's end of a line: what the test does not do, does not happen. */
class Line extends EventTarget {
  static readonly all: Line[] = [];
  static get last(): Line {
    return Line.all.at(-1) as Line;
  }
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState = 0;
  binaryType = "blob";
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
    Line.all.push(this);
  }
  send(): void {
    throw new Error("nothing is ever said over the line");
  }
  close(): void {
    this.readyState = 3;
  }
  opens(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  says(body: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ ts: "2026-11-22T05:13:10Z", ...body }) }));
  }
  ends(code: number): void {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code, wasClean: code !== 1006 }));
  }
}

const beat = (seq: number) => ({ type: "feed_status", status: "live", seq });
let heard: string[];
let connection: LiveConnection;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
  Line.all.length = 0;
  heard = [];
  connection = connectLive("ws://desk.test/ws/updates?batched=1", {
    onFrame: (frame: Frame) => heard.push(`${frame.type} ${frame.seq}`),
    onGap: () => heard.push("gap"),
    onOpen: () => heard.push("open"),
    onClose: (code) => heard.push(`close ${code}`),
    onMessage: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  connection.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("hands over frames in order", () => {
  Line.last.opens();
  Line.last.says(beat(1));
  Line.last.says(beat(2));
  expect(heard).toEqual(["open", "feed_status 1", "feed_status 2"]);
});

it("asks for a snapshot, once, where a frame is missing, and goes on from there", () => {
  Line.last.opens();
  for (const seq of [5, 6, 8, 9]) Line.last.says(beat(seq));
  expect(heard).toEqual(["open", "feed_status 5", "feed_status 6", "gap", "feed_status 8", "feed_status 9"]);
});

it("counts frames that it does not know", () => {
  Line.last.opens();
  Line.last.says(beat(1));
  Line.last.says({ type: "news", seq: 2 });
  Line.last.says(beat(3));
  expect(heard).not.toContain("gap");
});

it("asks for a snapshot where a frame cannot be read", () => {
  Line.last.opens();
  Line.last.says({ type: "pl_updates", seq: 1, updates: "?" });
  expect(heard).toEqual(["open", "gap"]);
});

it.each([1000, 1001, 1006, 1012, 1013])("comes back after a close with %d, and starts to count anew", async (code) => {
  Line.last.opens();
  Line.last.says(beat(40));
  Line.last.ends(code);
  await vi.advanceTimersByTimeAsync(1000);
  expect(Line.all).toHaveLength(2);
  Line.last.opens();
  Line.last.says(beat(1));
  expect(heard).toEqual(["open", "feed_status 40", `close ${code}`, "open", "feed_status 1"]);
});

it("never gives up", async () => {
  for (let tried = 0; tried < 40; tried++) {
    Line.last.ends(1006);
    await vi.advanceTimersByTimeAsync(3500);
  }
  expect(Line.all.length).toBeGreaterThan(40);
});

it("drops a line that stands but is silent, and opens another", async () => {
  Line.last.opens();
  Line.last.says(beat(1));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(Line.all).toHaveLength(2);
});

it("tries at once when the network is back", async () => {
  Line.last.ends(1006);
  await vi.advanceTimersByTimeAsync(1);
  const before = Line.all.length;
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(1);
  expect(Line.all.length).toBe(before + 1);
});

it("stays closed once it was closed", async () => {
  Line.last.opens();
  connection.close();
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(Line.all).toHaveLength(1);
});

it("goes to the API's host, over TLS where the page has it", () => {
  expect(liveUrl("https://desk.example")).toBe("wss://desk.example/ws/updates?batched=1");
  expect(liveUrl("")).toBe(`${location.origin.replace("http", "ws")}/ws/updates?batched=1`);
});
