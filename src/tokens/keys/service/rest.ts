/** Calls to key services with a JSON API over HTTP and an access token. */
import { z } from 'zod';
import { SojournError } from '../../../platform/errors/index.ts';
import { type OutboundResponse, send } from '../../../platform/outbound/index.ts';
import type { AccessTokenSource } from './access-token.ts';
import { unavailable } from './faults.ts';

export interface RestCall<T> {
  readonly service: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is if it is a string. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** The schema of a successful response. */
  readonly schema: z.ZodType<T>;
  /** Turns a response other than 2xx into an error. */
  readonly refusal: (answer: OutboundResponse) => SojournError;
}

/** Rejects with `refusal`'s error or `key_backend_unavailable`. */
export async function callRest<T>(call: RestCall<T>): Promise<T> {
  const { service, method, url, headers, body, signal, schema, refusal } = call;
  const answer = await send({
    method,
    url,
    signal,
    headers: { accept: 'application/json', ...(body === undefined ? {} : jsonType), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw unavailable(`${service}: ${describeSendError(error)}`);
  });
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  const read = schema.safeParse(parse(answer.body));
  // Without the values, because they may contain an access token.
  if (!read.success)
    throw unavailable(`${service}: the response to ${method} ${new URL(url).pathname} is invalid`);
  return read.data;
}

/** As `callRest`, with an access token, which is discarded if the service rejects it. */
export async function callWithToken<T>(
  tokens: AccessTokenSource,
  call: Omit<RestCall<T>, 'headers'>,
): Promise<T> {
  const token = await tokens.get();
  return callRest({
    ...call,
    headers: { authorization: `Bearer ${token}` },
    refusal: (answer) => {
      if (answer.status === 401) tokens.forget(token);
      return call.refusal(answer);
    },
  });
}

/** The parsed error body; undefined if it does not match the schema. */
export function readError<T>(schema: z.ZodType<T>, { body }: OutboundResponse): T | undefined {
  return schema.safeParse(parse(body)).data;
}

/** Retry-After in whole seconds; 1 if it is missing or not a number. */
export const retryAfterOf = ({ headers }: OutboundResponse): number =>
  Number(/^\d{1,4}$/.exec(headers['retry-after'] ?? '')?.[0] ?? 1);

const jsonType = { 'content-type': 'application/json' };

/** Why a request got no response, with the system's error if there is one: `connect ECONNREFUSED 127.0.0.1:1`. */
export function describeSendError(error: unknown): string {
  if (!(error instanceof SojournError)) return String(error);
  const reason = error.code === 'cloud_unavailable' && (error.cause as { message?: string }).message;
  return error.message.replace(/\.$/, reason ? ` (${reason})` : '');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A string that a service may omit; defaults to ''. */
export const optionalText = z.string().catch('');
