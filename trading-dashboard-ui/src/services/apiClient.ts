/**
 * The only way to the server: axios, typed by the generated `paths`, with a schema at the boundary of every answer.
 *
 * `api.get("/api/v1/clients", clientRows, { query: { page_size: 5000 } })`: the compiler refuses a path, a query or a
 * body that the server does not know, and a schema that does not accept everything the server may answer.
 */
import axios, { type AxiosResponse, isCancel } from "axios";
import * as v from "valibot";
import type { paths } from "@/types/api";
import { ApiError, problemSchema } from "./apiError";
import type { Answer, Body, Method, PathOf, PathParametersOf, QueryOf } from "./paths";

export const READ_TIMEOUT_MS = 15_000;
export const CHANGE_TIMEOUT_MS = 20_000;

export const http = axios.create({
  baseURL: import.meta.env["VITE_API_URL"] ?? (import.meta.env.DEV ? "http://localhost:8000" : ""),
  withCredentials: true,
  timeout: READ_TIMEOUT_MS,
  paramsSerializer: { indexes: null }, // a list is one name several times
  headers: { "X-Requested-With": "desk", Accept: "application/json, application/problem+json" },
  validateStatus: (status) => status >= 200 && status < 300,
});

type Accepting<S extends v.GenericSchema, A> =
  A extends v.InferInput<S> ? S : S & { "the server may answer what this schema refuses": A };

type Needed<Name extends string, T> = [T] extends [never]
  ? { [K in Name]?: never }
  : Record<never, never> extends T
    ? { [K in Name]?: T }
    : { [K in Name]: T };

export type CallOptions<P extends keyof paths, M extends Method> = Needed<"path", PathParametersOf<P, M>> &
  Needed<"query", QueryOf<P, M>> & {
    signal?: AbortSignal | undefined;
    timeoutMs?: number;
    /** Made once per decision by a person, and repeated on every retry of it. */
    idempotencyKey?: string;
  };

type Rest<T> = Record<never, never> extends T ? [options?: T] : [options: T];

type Listener = (error: ApiError) => void;
let onSignedOut: Listener = () => undefined;

/** Called when the server says that nobody is signed in any more. One listener: the session's store. */
export function listenForSignOut(listener: Listener): void {
  onSignedOut = listener;
}

export const api = {
  get<P extends PathOf<"get">, S extends v.GenericSchema>(
    path: P,
    schema: Accepting<S, Answer<P, "get">>,
    ...[options]: Rest<CallOptions<P, "get">>
  ): Promise<v.InferOutput<S>> {
    return call("get", path, undefined, schema, options);
  },
  post<P extends PathOf<"post">, S extends v.GenericSchema>(
    path: P,
    body: Body<P, "post">,
    schema: Accepting<S, Answer<P, "post">>,
    ...[options]: Rest<CallOptions<P, "post">>
  ): Promise<v.InferOutput<S>> {
    return call("post", path, body, schema, options);
  },
  put<P extends PathOf<"put">, S extends v.GenericSchema>(
    path: P,
    body: Body<P, "put">,
    schema: Accepting<S, Answer<P, "put">>,
    ...[options]: Rest<CallOptions<P, "put">>
  ): Promise<v.InferOutput<S>> {
    return call("put", path, body, schema, options);
  },
  patch<P extends PathOf<"patch">, S extends v.GenericSchema>(
    path: P,
    body: Body<P, "patch">,
    schema: Accepting<S, Answer<P, "patch">>,
    ...[options]: Rest<CallOptions<P, "patch">>
  ): Promise<v.InferOutput<S>> {
    return call("patch", path, body, schema, options);
  },
  delete<P extends PathOf<"delete">, S extends v.GenericSchema>(
    path: P,
    schema: Accepting<S, Answer<P, "delete">>,
    ...[options]: Rest<CallOptions<P, "delete">>
  ): Promise<v.InferOutput<S>> {
    return call("delete", path, undefined, schema, options);
  },
};

/** For answers without a body. */
export const nothing = v.undefined();

interface LooseOptions {
  path?: unknown;
  query?: unknown;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  idempotencyKey?: string;
}

/** For the few calls that are not JSON, or not part of the published document. Prefer `api`. */
export async function call<S extends v.GenericSchema>(
  method: Method,
  path: string,
  body: unknown,
  schema: S,
  options: LooseOptions = {},
): Promise<v.InferOutput<S>> {
  let response: AxiosResponse<unknown>;
  try {
    response = await http.request({
      method,
      url: filledIn(path, (options.path ?? {}) as Record<string, string | number>),
      params: options.query,
      data: body,
      timeout: options.timeoutMs ?? (method === "get" ? READ_TIMEOUT_MS : CHANGE_TIMEOUT_MS),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.idempotencyKey ? { headers: { "Idempotency-Key": options.idempotencyKey } } : {}),
    });
  } catch (error) {
    throw asApiError(error);
  }
  const read = v.safeParse(schema, response.status === 204 ? undefined : response.data);
  if (read.success) return read.output;
  throw new ApiError({
    kind: "unreadable",
    status: response.status,
    message: `The server's answer is not what this page expects (${issueText(read.issues[0])}). Reload the page`,
    requestId: requestIdOf(response),
  });
}

function filledIn(path: string, values: Record<string, string | number>): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined || value === "") throw new TypeError(`${path} needs ${name}`);
    return encodeURIComponent(value).replaceAll("%3A", ":"); // instruments are named NSE:1660
  });
}

function asApiError(error: unknown): unknown {
  if (isCancel(error)) return new ApiError({ kind: "cancelled", message: "The call was given up" });
  if (!axios.isAxiosError(error)) return error;
  if (error.response === undefined) {
    const message =
      error.code === "ECONNABORTED" || error.code === "ETIMEDOUT"
        ? "The desk did not answer in time"
        : "The desk does not answer; check the connection";
    return new ApiError({ kind: "no_answer", message });
  }
  const known = refusalOf(error.response);
  if (known.status === 401 && known.code === "not_signed_in") onSignedOut(known);
  return known;
}

function refusalOf(response: AxiosResponse<unknown>): ApiError {
  const problem = v.safeParse(problemSchema, response.data);
  const about = { status: response.status, requestId: requestIdOf(response) };
  if (!problem.success) {
    return new ApiError({
      kind: "unreadable",
      message: `The desk answered with an error (${response.status})`,
      ...about,
    });
  }
  const waited = Number(response.headers["retry-after"]);
  return new ApiError({
    kind: "refused",
    message: problem.output.detail,
    code: problem.output.code,
    fields: problem.output.errors ?? [],
    retryAfterS: Number.isFinite(waited) && response.headers["retry-after"] !== undefined ? waited : null,
    ...about,
  });
}

function requestIdOf(response: AxiosResponse<unknown>): string | null {
  const id: unknown = response.headers["x-request-id"];
  return typeof id === "string" ? id : null;
}

function issueText(issue: v.BaseIssue<unknown>): string {
  const place = issue.path?.map((part) => String(part.key)).join(".") ?? "the whole";
  return `${place}: expected ${issue.expected ?? "another value"}`;
}
