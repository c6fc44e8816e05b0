/** Starts `desk demo` and simulators as processes with a throw-away state, and ends them. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TOTP } from "otpauth";
import type { DeskAccess } from "./desk.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_DEADLINE_MS = 180_000;
const STOP_GRACE_MS = 20_000;

/** A demo that can be ended and started again on the same port with the same state. */
export class Demo {
  readonly #folder = mkdtempSync(join(tmpdir(), "desk-e2e-"));
  readonly #settings: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;

  /** `settings` are the demo's, such as PORT. */
  constructor(settings: NodeJS.ProcessEnv) {
    if (!existsSync(join(ROOT, "trading-dashboard-ui/dist/index.html"))) {
      throw new Error("The dashboard is not built; run: npm run build");
    }
    this.#settings = { ...settings, STATE_DIR: join(this.#folder, "var") };
  }

  get access(): DeskAccess {
    return JSON.parse(readFileSync(join(this.#folder, "var/demo.json"), "utf8")) as DeskAccess;
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    this.#process = python(["-m", "app.cli", "demo"], this.#folder, this.#settings);
    await said(this.#process, "Ready: ", "the desk");
  }

  /** SIGTERM lets it end what it does, SIGKILL does not; resolves when the process is gone. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (this.#process !== null) await ended(this.#process, signal);
    this.#process = null;
  }

  /** While it is ended: what was signed with the old key opens nothing any more. */
  changeSignInKey(): void {
    const file = join(this.#folder, "var/secrets.env");
    const other = `JWT_SECRET_KEY=${randomBytes(32).toString("hex")}`;
    writeFileSync(file, readFileSync(file, "utf8").replace(/^JWT_SECRET_KEY=.*$/m, other));
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A simulated broker that outlives the desks which trade with it. Returns how to end it. */
export async function startSimulator(port: number, clients: number): Promise<() => Promise<void>> {
  const words = ["-m", "mofsl_simulator", "--port", String(port), "--clients", String(clients), "--seed", "1"];
  const simulator = python(words, tmpdir(), {});
  try {
    await said(simulator, String(port), "the simulator");
  } catch (error) {
    await ended(simulator, "SIGKILL");
    throw error;
  }
  return () => ended(simulator, "SIGTERM");
}

/** Sign the demo's administrator in for programs; the desk takes each code once. */
export async function tokenOf(access: DeskAccess): Promise<string> {
  const code = new TOTP({ secret: access.totp_secret }).generate();
  const answer = await fetch(`${access.base_url}/api/v1/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: access.email, password: access.password, totp_code: code }),
  });
  if (!answer.ok) throw new Error(`the demo's administrator could not sign in: ${answer.status}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

function python(words: readonly string[], cwd: string, settings: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.env["PYTHON"] ?? join(ROOT, ".venv/bin/python"), words, {
    cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PYTHONPATH: ROOT,
      PYTHONUNBUFFERED: "1",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function said(child: ChildProcess, words: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const timer = setTimeout(() => reject(new Error(`${name} was not ready in time:\n${heard}`)), READY_DEADLINE_MS);
    const hear = (chunk: Buffer) => {
      heard += chunk.toString();
      if (heard.includes(words)) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with ${code}:\n${heard}`));
    });
  });
}

function ended(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}

/** A free port of TEST_PORTS ("22000-22499"), as the Python tests choose theirs. */
export async function freePort(): Promise<number> {
  const [low = 20_000, high = 32_767] = (process.env["TEST_PORTS"] ?? "20000-32767").split("-").map(Number);
  const first = Math.floor(Math.random() * (high - low + 1));
  for (let tried = 0; tried <= high - low; tried++) {
    const port = low + ((first + tried) % (high - low + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free between ${low} and ${high}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
