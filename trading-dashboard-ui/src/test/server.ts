/** A server for component and service tests, at the network's edge: `answer("get", "/api/v1/desk", body)`. */
import { HttpResponse, http, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";

export const server = setupServer();

/** Call once at the top of a test file. What no test expects is an error. */
export function withServer(): void {
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());
}

export function answer(
  method: "get" | "post" | "put" | "patch" | "delete",
  path: string,
  body: JsonBodyType,
  status = 200,
): void {
  server.use(http[method](`*${path}`, () => HttpResponse.json(body, { status })));
}

export function refuse(
  method: "get" | "post" | "put" | "patch" | "delete",
  path: string,
  status: number,
  code: string,
  more: { detail?: string; errors?: { field: string; message: string }[]; headers?: Record<string, string> } = {},
): void {
  const body = { title: "Refused", status, code, detail: more.detail ?? "it is refused", errors: more.errors ?? null };
  server.use(
    http[method](`*${path}`, () =>
      HttpResponse.json(body, {
        status,
        headers: { "content-type": "application/problem+json", "x-request-id": "request-1", ...more.headers },
      }),
    ),
  );
}
