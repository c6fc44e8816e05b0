/**
 * The real desk with other clients: answers `/api/v1/clients` and `/ws/updates` itself, with as many rows and ticks as a
 * measurement wants, and passes everything else on. The page cannot tell it from a desk: HTTP and WebSocket are real.
 */
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { batchOf, type FedBatch, FILLED } from "./fedBatch.ts";

const SHAPES = 8; // different ticks, made beforehand: what serves must not disturb what is measured

export class FeedServer {
  readonly #desk: URL;
  readonly #http: Server;
  readonly #sockets = new Map<WebSocket, number>(); // each with its last seq
  readonly #rows: string;
  readonly #ticks: readonly string[];
  readonly #clientIds: readonly string[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #batch: FedBatch | null = null;
  /** How many ticks were sent. */
  sent = 0;

  constructor(deskUrl: string, clients: number) {
    this.#desk = new URL(deskUrl);
    this.#clientIds = Array.from({ length: clients }, (_, place) => `client-${String(place).padStart(5, "0")}`);
    this.#rows = JSON.stringify({ items: this.#clientIds.map(rowOf), total: clients });
    this.#ticks = Array.from({ length: SHAPES }, (_, shape) =>
      JSON.stringify(this.#clientIds.map((id, place) => [id, profitOf(place, shape)])),
    );
    this.#http = createServer((asked, answer) => this.#answer(asked, answer));
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    this.#http.on("upgrade", (asked, line, head) => {
      sockets.handleUpgrade(asked, line, head, (socket) => this.#greet(socket));
    });
  }

  async start(port: number): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.pause();
    for (const socket of this.#sockets.keys()) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Every client's profit, `hz` times a second. */
  tick(hz: number): void {
    this.pause();
    this.#timer = setInterval(() => {
      this.#say("pl_updates", `"updates":${this.#ticks[this.sent % SHAPES]}`);
      this.sent += 1;
    }, 1000 / hz);
  }

  pause(): void {
    clearInterval(this.#timer);
  }

  /** A batch that nobody has sent yet: `/batches/{its id}` shows it. */
  holdBatch(orders: number): string {
    this.#batch = batchOf(this.#clientIds.slice(0, orders));
    return this.#batch.batch_id;
  }

  /** Fill every order of the batch, one event each, evenly over `durationMs`; return when each was said. */
  async fillBatch(durationMs: number): Promise<number[]> {
    const batch = this.#batch;
    if (batch === null) throw new Error("there is no batch");
    const saidAt: number[] = [];
    const startedAt = now();
    while (saidAt.length < batch.results.length) {
      const due = Math.min(batch.results.length, Math.ceil(((now() - startedAt) / durationMs) * batch.results.length));
      while (saidAt.length < due) {
        const place = saidAt.length;
        const row = { ...batch.results[place], ...FILLED } as FedBatch["results"][number];
        batch.results[place] = row;
        saidAt.push(now());
        this.#say("order_update", `"batch_id":"${batch.batch_id}",${JSON.stringify(row).slice(1, -1)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return saidAt;
  }

  #greet(socket: WebSocket): void {
    this.#sockets.set(socket, 0);
    socket.on("close", () => this.#sockets.delete(socket));
    const server_time = new Date().toISOString();
    this.#sayTo(socket, "hello", `"snapshot_required":false,"server_time":"${server_time}"`);
    this.#sayTo(socket, "feed_status", `"status":"live","reason":null,"last_tick_at":"${server_time}"`);
  }

  #say(type: string, fields: string): void {
    for (const socket of this.#sockets.keys()) this.#sayTo(socket, type, fields);
  }

  #sayTo(socket: WebSocket, type: string, fields: string): void {
    const seq = (this.#sockets.get(socket) ?? 0) + 1;
    this.#sockets.set(socket, seq);
    socket.send(`{"type":"${type}","seq":${seq},"ts":"${new Date().toISOString()}",${fields}}`);
  }

  #answer(asked: IncomingMessage, answer: ServerResponse): void {
    const path = asked.url?.split("?")[0];
    if (path === "/api/v1/clients") json(answer, this.#rows);
    else if (this.#batch !== null && path === `/api/v1/batches/${this.#batch.batch_id}`)
      json(answer, JSON.stringify(this.#batch));
    else this.#passOn(asked, answer);
  }

  #passOn(asked: IncomingMessage, answer: ServerResponse): void {
    const { hostname, port } = this.#desk;
    const onward = forward(
      { hostname, port, method: asked.method, path: asked.url, headers: asked.headers },
      (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      },
    );
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  }
}

function json(answer: ServerResponse, body: string): void {
  answer.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  answer.end(body);
}

/** Milliseconds since 1970, finer than whole ones; the page's clock counts the same. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

function rowOf(id: string, place: number) {
  return {
    id,
    name: `Client ${id.slice(-5)}`,
    mofsl_client_code: `BN${id.slice(-5)}`,
    is_active: true,
    groups: [["HNI", "FAM", "RET"][place % 3]],
    available_funds: `${100_000 + place * 37}.50`,
    pl: "0.00",
    session: { state: "ready", reason: null },
    as_of: new Date().toISOString(),
    stale: false,
    stale_reason: null,
    pl_stale: false,
    pl_reason: null,
  };
}

function profitOf(place: number, shape: number): number {
  return ((place * 7919 + shape * 104_729) % 4_000_000) / 100 - 20_000;
}
