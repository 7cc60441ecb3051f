/**
 * A route of the admin API: its name, its input, its answer and its handler. The router and the OpenAPI document are
 * both built from these routes, so they always list the same paths.
 */
import { z } from 'zod';
import type { AuditEntry, RequestContext } from '../../../platform/audit/index.ts';
import type { ErrorCode } from '../../../platform/errors/index.ts';
import { type Immutable, read } from '../../../platform/validation/index.ts';
import { readQuery } from '../body.ts';
import type { AdminServices } from './services.ts';

export const prefix = '/admin/v1';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to the prefix; `:name` matches one segment, `*name` the rest. */
  readonly path: string;
  /** The operationId of OpenAPI. */
  readonly operationId: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  /** The schema of the body in the OpenAPI document. */
  readonly input: z.ZodType;
  readonly answer: z.ZodType | 'file';
  readonly status: 200 | 201 | 204;
  /** Maximum size of the body in bytes; 16 KB by default. */
  readonly maxBytes?: number;
  /** Error codes in addition to those that every route can answer with. */
  readonly refusals: readonly ErrorCode[];
  serve(services: AdminServices, request: RouteRequest): Promise<Served>;
}

export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Served {
  /** Absent with status 204. */
  readonly content?: {
    readonly mediaType: string;
    readonly body: string | Buffer;
    readonly fileName?: string;
  };
  /** What the route changed, for the audit. */
  readonly auditEvent?: AdminAuditEvent;
}

/** What an administrator changed; `mountRoutes` adds actor, outcome and request context. */
export type AdminAuditEvent = Omit<AuditEntry, 'outcome' | 'actor' | keyof RequestContext>;

/** No query parameters, or an empty body. */
export const nothing = z.strictObject({});

/** Reads a body: with its schema alone, or also with what only the services know. */
type BodyInput<Body> =
  | z.ZodType<Body>
  | { readonly schema: z.ZodType; read(body: unknown, services: AdminServices): Promise<Body> };

const schemaOf = <Body>(input: BodyInput<Body>): z.ZodType =>
  input instanceof z.ZodType ? input : input.schema;

const readBody = <Body>(input: BodyInput<Body>, body: unknown, services: AdminServices) =>
  input instanceof z.ZodType ? read(input, body) : input.read(body, services);

interface Row<Path, Answer> {
  readonly path: Path;
  readonly operationId: string;
  readonly summary: string;
  readonly answer: Answer;
  readonly refusals?: readonly ErrorCode[];
}

/** A GET route: reads, and changes nothing. */
export function readRoute<const Path extends string, Answer extends z.ZodType, Query extends z.ZodObject>(
  row: Row<Path, Answer> & {
    readonly query: Query;
    find(
      services: AdminServices,
      request: { params: Params<Path>; query: z.output<Query> },
    ): Immutable<z.input<Answer>> | Promise<Immutable<z.input<Answer>>>;
  },
): Route {
  return {
    refusals: [],
    ...row,
    method: 'GET',
    input: nothing,
    status: 200,
    async serve(services, { params, query, body }) {
      read(nothing, body);
      const result = await row.find(services, {
        params: params as Params<Path>,
        query: read(row.query, readQuery(query, Object.keys(row.query.shape))) as z.output<Query>,
      });
      return { content: json(row.answer, result) };
    },
  };
}

/** A POST route that changes nothing: its input is too long for a query string. */
export function queryRoute<const Path extends string, Answer extends z.ZodType, Body>(
  row: Row<Path, Answer> & {
    readonly input: z.ZodType<Body>;
    readonly maxBytes: number;
    find(
      services: AdminServices,
      request: { params: Params<Path>; body: Body },
    ): Promise<Immutable<z.input<Answer>>>;
  },
): Route {
  return {
    refusals: [],
    ...row,
    method: 'POST',
    query: nothing,
    status: 200,
    async serve(services, { params, query, body }) {
      readQuery(query, []);
      const request = { params: params as Params<Path>, body: read(row.input, body) };
      return { content: json(row.answer, await row.find(services, request)) };
    },
  };
}

/** A route that changes state, and returns what it changed for the audit. */
export function writeRoute<const Path extends string, Answer extends z.ZodType, Body>(
  row: Row<Path, Answer> & {
    readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly input: BodyInput<Body>;
    readonly status: Route['status'];
    change(
      services: AdminServices,
      request: { params: Params<Path>; body: Body },
    ): Promise<{
      answer: Immutable<z.input<Answer>>;
      /** Undefined if the request changed nothing. */
      auditEvent: AdminAuditEvent | undefined;
    }>;
  },
): Route {
  return {
    refusals: [],
    ...row,
    input: schemaOf(row.input),
    query: nothing,
    async serve(services, { params, query, body }) {
      readQuery(query, []);
      const request = { params: params as Params<Path>, body: await readBody(row.input, body, services) };
      const { answer, auditEvent } = await row.change(services, request);
      return {
        ...(auditEvent && { auditEvent }),
        ...(row.status === 204 ? {} : { content: json(row.answer, answer) }),
      };
    },
  };
}

/** Parsed by its schema, so that a member that the schema does not name never leaves the server. */
const json = (schema: z.ZodType, value: unknown) => ({
  mediaType: 'application/json; charset=utf-8',
  body: JSON.stringify(schema.parse(value)),
});

/** `{ id, name }` for `/connections/:id/setup/:name`. */
export type Params<Path extends string> = Readonly<Record<NamesIn<Path>, string>>;

type NamesIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NamesIn<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;
