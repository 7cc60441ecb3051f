/** A call of a key service that speaks JSON over HTTP with an access token. */
import { z } from 'zod';
import { SojournError } from '../../../platform/errors/index.ts';
import { type OutboundAnswer, send } from '../../../platform/outbound/index.ts';
import type { AccessTokenSource } from './access-token.ts';
import { unavailable } from './faults.ts';

export interface RestCall<T> {
  readonly service: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, unless it is text already. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** What a good answer holds. */
  readonly schema: z.ZodType<T>;
  /** The error in an answer that is not 2xx. */
  readonly refusal: (answer: OutboundAnswer) => SojournError;
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
  // Without the values: they may be an access token.
  if (!read.success)
    throw unavailable(`${service}: an answer to ${method} ${new URL(url).pathname} is not readable`);
  return read.data;
}

/** The same with an access token, which is forgotten when it is not taken any more. */
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

/** The members of an error's body that are of the wanted kind, out of an answer that may be anything. */
export function readError<T>(schema: z.ZodType<T>, { body }: OutboundAnswer): T | undefined {
  return schema.safeParse(parse(body)).data;
}

/** Whole seconds of Retry-After. */
export const retryAfterOf = ({ headers }: OutboundAnswer): number =>
  Number(/^\d{1,4}$/.exec(headers['retry-after'] ?? '')?.[0] ?? 1);

const jsonType = { 'content-type': 'application/json' };

/** Why a request got no answer, with the word of the system where it has one: `connect ECONNREFUSED 127.0.0.1:1`. */
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

/** What a service may have for a text that is in no way promised. */
export const text = z.string().catch('');
