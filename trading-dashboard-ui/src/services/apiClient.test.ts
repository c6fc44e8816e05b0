import { HttpResponse, http } from "msw";
import * as v from "valibot";
import { api, listenForSignOut, nothing } from "@/services/apiClient";
import { ApiError, isOutcomeUnknown, sentenceOf } from "@/services/apiError";
import { deskState } from "@/services/desk";
import { answer, refuse, server, withServer } from "@/test/server";

withServer();

const name = v.object({ name: v.string() });
const client = { id: "c1", name: "A. Kulkarni" };

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a call", () => {
  it("fills in the path, keeps an instrument's colon and sends what the desk asks for", async () => {
    let seen: Request | undefined;
    server.use(
      http.post("*/api/v1/tokens/:id/exit-all", ({ request }) => {
        seen = request;
        return HttpResponse.json({ batch_id: "b1" });
      }),
    );
    await api.post(
      "/api/v1/tokens/{token_mofsl_id}/exit-all",
      { order_type: "MARKET", dry_run: false, wait_s: 5 },
      v.object({ batch_id: v.string() }),
      { path: { token_mofsl_id: "NSE:1660" }, idempotencyKey: "key-1" },
    );
    expect(new URL(seen?.url ?? "").pathname).toBe("/api/v1/tokens/NSE:1660/exit-all");
    expect(seen?.headers.get("x-requested-with")).toBe("desk");
    expect(seen?.headers.get("idempotency-key")).toBe("key-1");
  });

  it("cannot be led to another path by a value", async () => {
    let path = "";
    server.use(
      http.get("*/admin/clients/*", ({ request }) => {
        path = new URL(request.url).pathname;
        return HttpResponse.json(client);
      }),
    );
    await api.get("/admin/clients/{client_id}", name, { path: { client_id: "../users?x#y" } });
    expect(path).toBe("/admin/clients/..%2Fusers%3Fx%23y");
  });

  it("answers nothing for 204", async () => {
    server.use(http.post("*/api/v1/auth/logout", () => new HttpResponse(null, { status: 204 })));
    expect(await api.post("/api/v1/auth/logout", undefined, nothing)).toBeUndefined();
  });

  it("is checked by the compiler: path, query, body and schema", () => {
    const never = () => [
      // @ts-expect-error no such path
      api.get("/api/v1/nothing", name),
      // @ts-expect-error no such query
      api.get("/api/v1/clients", name, { query: { colour: "red" } }),
      // @ts-expect-error the path needs its parameter
      api.get("/admin/clients/{client_id}", name),
      // @ts-expect-error the body has another shape
      api.post("/api/v1/desk/arm", { code: "123456" }, deskState),
      // @ts-expect-error the schema refuses a mode that the server may answer
      api.get("/api/v1/desk", v.object({ broker_mode: v.literal("live") })),
    ];
    expect(never).toBeTypeOf("function");
  });
});

describe("what goes wrong", () => {
  it("is the server's problem, with its code, fields and request", async () => {
    refuse("get", "/api/v1/desk", 422, "invalid_input", {
      detail: "the request cannot be read",
      errors: [{ field: "price", message: "expected money" }],
    });
    const error = await failure(api.get("/api/v1/desk", deskState));
    expect(error).toMatchObject({ kind: "refused", status: 422, code: "invalid_input", requestId: "request-1" });
    expect(error.problemOf("price")).toBe("expected money");
    expect(sentenceOf(error)).toBe("The request cannot be read.");
    expect(isOutcomeUnknown(error)).toBe(false);
  });

  it("says how long to wait", async () => {
    refuse("get", "/api/v1/desk", 429, "too_many_attempts", { headers: { "retry-after": "17" } });
    expect((await failure(api.get("/api/v1/desk", deskState))).retryAfterS).toBe(17);
  });

  it("is an outcome nobody knows where no answer came", async () => {
    server.use(http.post("*/api/v1/desk/kill", () => HttpResponse.error()));
    const error = await failure(api.post("/api/v1/desk/kill", { reason: null }, deskState));
    expect(error.kind).toBe("no_answer");
    expect(isOutcomeUnknown(error)).toBe(true);
  });

  it("is unreadable where the answer is not what the schema expects, and names the place", async () => {
    answer("get", "/api/v1/clients", { items: [{ name: 5 }], total: 1 });
    const error = await failure(api.get("/api/v1/clients", v.object({ items: v.array(name), total: v.number() })));
    expect(error.kind).toBe("unreadable");
    expect(error.message).toContain("items.0.name");
  });

  it("is unreadable where an error is no problem of ours, such as a proxy's page", async () => {
    server.use(http.get("*/api/v1/desk", () => HttpResponse.html("<h1>Bad gateway</h1>", { status: 502 })));
    const error = await failure(api.get("/api/v1/desk", deskState));
    expect(error).toMatchObject({ kind: "unreadable", status: 502 });
    expect(isOutcomeUnknown(error)).toBe(true);
  });

  it("tells the session when nobody is signed in any more, and not for a wrong password", async () => {
    const heard: string[] = [];
    listenForSignOut((error) => heard.push(error.code));
    refuse("get", "/api/v1/desk", 401, "not_signed_in");
    await failure(api.get("/api/v1/desk", deskState));
    refuse("get", "/api/v1/desk", 401, "invalid_credentials");
    await failure(api.get("/api/v1/desk", deskState));
    expect(heard).toEqual(["not_signed_in"]);
  });

  it("can be our own giving up", async () => {
    answer("get", "/api/v1/desk", {});
    const gaveUp = new AbortController();
    gaveUp.abort();
    const error = await failure(api.get("/api/v1/desk", deskState, { signal: gaveUp.signal }));
    expect(error.kind).toBe("cancelled");
  });
});
