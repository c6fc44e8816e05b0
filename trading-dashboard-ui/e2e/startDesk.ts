/** Starts `desk demo` on free ports with a throw-away state before the first test, and ends it after the last one. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TOTP } from "otpauth";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_DEADLINE_MS = 180_000;
const STOP_GRACE_MS = 20_000;
const CLIENTS = process.env["CLIENTS"] ?? "25";

export default async function startDesk(): Promise<() => Promise<void>> {
  if (!existsSync(join(ROOT, "trading-dashboard-ui/dist/index.html"))) {
    throw new Error("The dashboard is not built; run: npm run build");
  }
  const folder = mkdtempSync(join(tmpdir(), "desk-e2e-"));
  const [port, simulatorPort] = [await freePort(), await freePort()];
  const desk = spawn(process.env["PYTHON"] ?? join(ROOT, ".venv/bin/python"), ["-m", "app.cli", "demo"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PYTHONPATH: ROOT,
      PYTHONUNBUFFERED: "1",
      PORT: String(port),
      SIMULATOR_PORT: String(simulatorPort),
      STATE_DIR: join(folder, "var"),
      CLIENTS,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    await ended(desk);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(desk);
  } catch (error) {
    await stop();
    throw error;
  }
  // Workers are started with this process's environment.
  const access = readFileSync(join(folder, "var/demo.json"), "utf8");
  process.env["DESK_ACCESS"] = access;
  process.env["DESK_TOKEN"] = await tokenOf(JSON.parse(access) as Access);
  return stop;
}

interface Access {
  base_url: string;
  email: string;
  password: string;
  totp_secret: string;
}

/** One sign-in for all tests: the desk takes each code once. */
async function tokenOf(access: Access): Promise<string> {
  const code = new TOTP({ secret: access.totp_secret }).generate();
  const answer = await fetch(`${access.base_url}/api/v1/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: access.email, password: access.password, totp_code: code }),
  });
  if (!answer.ok) throw new Error(`the demo's administrator could not sign in: ${answer.status}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

function ready(desk: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`the desk was not ready in time:\n${said}`)), READY_DEADLINE_MS);
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Ready: ")) {
        clearTimeout(timer);
        resolve();
      }
    };
    desk.stdout?.on("data", hear);
    desk.stderr?.on("data", hear);
    desk.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the desk ended with ${code}:\n${said}`));
    });
  });
}

function ended(desk: ChildProcess): Promise<void> {
  if (desk.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => desk.kill("SIGKILL"), STOP_GRACE_MS);
    desk.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    desk.kill("SIGTERM");
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
