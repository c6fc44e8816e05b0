/** Types that read the generated `paths`: what a call takes and answers. No code. */
import type { paths } from "@/types/api";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Every path that has the method `M`. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer Operation> ? (Operation extends undefined ? never : P) : never;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = Extract<paths[P][M & keyof paths[P]], object>;

type Success<Responses> =
  Responses extends Record<number, unknown> ? Responses[Extract<keyof Responses, 200 | 201 | 202 | 204>] : never;

type JsonOf<Response> = Response extends { content: { "application/json": infer Body } } ? Body : undefined;

/** The body of a good answer; `undefined` for 204. */
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer Responses } ? JsonOf<Success<Responses>> : never;

/** The JSON body that a call takes. */
export type Body<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: { content: { "application/json": infer Given } } } ? Given : undefined;

type ParametersOf<P extends keyof paths, M extends Method, Place extends "query" | "path"> =
  Operation<P, M> extends { parameters: infer Parameters }
    ? Place extends keyof Parameters
      ? NonNullable<Parameters[Place]>
      : never
    : never;

export type QueryOf<P extends keyof paths, M extends Method> = ParametersOf<P, M, "query">;
export type PathParametersOf<P extends keyof paths, M extends Method> = ParametersOf<P, M, "path">;
