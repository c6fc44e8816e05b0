/**
 * What journeys start from. `test` gives each test `desk` (the running demo) and `person(role)`: a page on which a new
 * user of that role has signed in. A fixture ends every test that wrote an error to the console.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type APIRequestContext, test as base, expect, type Page, request } from "@playwright/test";
import { TOTP } from "otpauth";

export interface DeskAccess {
  base_url: string;
  simulator_url: string;
  email: string;
  password: string;
  totp_secret: string;
}

export type Role = "viewer" | "trader" | "approver" | "admin";

export interface NewUser {
  email: string;
  password: string;
  totpSecret: string;
}

export class Desk {
  readonly url: string;
  readonly simulatorUrl: string;
  readonly #admin: APIRequestContext;

  constructor(access: DeskAccess, admin: APIRequestContext) {
    this.url = access.base_url;
    this.simulatorUrl = access.simulator_url;
    this.#admin = admin;
  }

  /** As the demo's administrator, over the API. `body` makes it a POST. */
  async call<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const answer =
      body === undefined ? await this.#admin.get(path) : await this.#admin.post(path, { data: body, headers });
    expect(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
    return (await answer.json()) as T;
  }

  /** The simulator's control, such as `/_sim/faults`. */
  async simulator<T>(path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.simulatorUrl}${path}`, {
      method: body === undefined ? "GET" : "POST",
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  }

  /** End every session of `user`, as an administrator does. */
  async endSessionsOf(user: NewUser): Promise<void> {
    const { items } = await this.call<{ items: { id: string; email: string }[] }>(
      "/api/v1/auth/sessions?everybody=true&page_size=500",
    );
    for (const session of items.filter((one) => one.email === user.email)) {
      await this.#admin.delete(`/api/v1/auth/sessions/${session.id}`);
    }
  }

  async addUser(role: Role): Promise<NewUser> {
    const email = `${role}-${crypto.randomUUID().slice(0, 8)}@desk.test`;
    const password = `violet-otter-${crypto.randomUUID()}`;
    const made = await this.call<{ totp_secret: string }>("/admin/users", { email, role, password });
    return { email, password, totpSecret: made.totp_secret };
  }
}

/** The code that an authenticator shows now; the desk takes each once. */
export function codeOf(user: NewUser): string {
  return new TOTP({ secret: user.totpSecret }).generate();
}

/** A code that `user` has not used: waits for the next one, up to half a minute. */
export async function nextCodeOf(user: NewUser): Promise<string> {
  const used = codeOf(user);
  for (;;) {
    const code = codeOf(user);
    if (code !== used) return code;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Sign `page` in without the form, for journeys about something else. */
export async function signIn(page: Page, desk: Desk, user: NewUser): Promise<void> {
  const answer = await page.context().request.post(`${desk.url}/api/v1/auth/login`, {
    data: { email: user.email, password: user.password, totp_code: codeOf(user) },
    headers: { "X-Requested-With": "desk" },
  });
  expect(answer.ok(), `sign-in of ${user.email}: ${answer.status()}`).toBe(true);
  const { expires_at } = (await answer.json()) as { expires_at: string };
  await page.addInitScript((until) => localStorage.setItem("desk.signed-in-until", until), expires_at);
}

interface Fixtures {
  desk: Desk;
  /** Open `path` as a new user of `role`. */
  person: (role: Role, path?: string) => Promise<Page>;
  /** Console messages, each with the address it is about, that this test expects; any other error fails it. */
  expectedErrors: RegExp[];
}

export const test = base.extend<Fixtures, { admin: Desk }>({
  admin: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what the fixture needs
    async ({}, use) => {
      const access = JSON.parse(process.env["DESK_ACCESS"] ?? "") as DeskAccess;
      const context = await request.newContext({
        baseURL: access.base_url,
        extraHTTPHeaders: { Authorization: `Bearer ${process.env["DESK_TOKEN"] ?? ""}` },
      });
      await use(new Desk(access, context));
      await context.dispose();
    },
    { scope: "worker" },
  ],
  desk: async ({ admin }, use) => use(admin),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  expectedErrors: async ({}, use) => use([]),
  page: async ({ page, expectedErrors }, use) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (said) => {
      if (said.type() === "error") errors.push(`${said.text()} ${said.location().url}`.trim());
    });
    await use(page);
    expect(errors.filter((text) => !expectedErrors.some((pattern) => pattern.test(text)))).toEqual([]);
  },
  person: async ({ page, desk }, use) => {
    await use(async (role, path = "/") => {
      const user = await desk.addUser(role);
      users.set(page, user);
      await signIn(page, desk, user);
      await page.goto(`${desk.url}/app${path}`);
      await expect(page.getByRole("navigation", { name: "Screens" })).toBeVisible();
      return page;
    });
  },
});

const users = new WeakMap<Page, NewUser>();

/** Who signed in on a page that `person` opened. */
export function userOf(page: Page): NewUser {
  const user = users.get(page);
  if (user === undefined) throw new Error("person() did not open this page");
  return user;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Rules of WCAG 2.2 A and AA and good practice, on everything that is on the screen now. */
export async function expectNoViolations(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<{ violations: AxeViolation[] }> } };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await axe.run({ runOnly: tags });
    return found.violations.map((one) => `${one.id}: ${one.help} · ${one.nodes.map((node) => node.html).join(" · ")}`);
  });
  expect(violations).toEqual([]);
}

interface AxeViolation {
  id: string;
  help: string;
  nodes: { html: string }[];
}

export { expect };
