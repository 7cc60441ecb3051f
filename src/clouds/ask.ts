/** One question to a cloud that answers in JSON: bounded, repeated where that helps, and its answer checked. */
import { z } from 'zod';
import { SojournError } from '../platform/errors/index.ts';
import { type OutboundRequest, type OutboundResponse, send } from '../platform/outbound/index.ts';
import type { CloudResponse } from './explanation.ts';
import { withRetries } from './retry.ts';

export interface JsonRequest<T> {
  readonly request: OutboundRequest;
  /** What a good answer holds. */
  readonly schema: z.ZodType<T>;
  /** The error in an answer that is not 2xx. */
  readonly refusal: (answer: OutboundResponse) => SojournError;
}

/** Rejects with `refusal`'s error, `cloud_timeout`, `cloud_unavailable` or `cloud_answer_unknown`. */
export function requestJson<T>({ request, schema, refusal }: JsonRequest<T>): Promise<T> {
  return withRetries(async () => {
    const answer = await send(request);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
    return parseResponse(schema, parse(answer.body), new URL(request.url).host);
  }, request.signal);
}

/** The answer holds credentials: only the names of wrong fields may be told or logged. */
export function parseResponse<T>(schema: z.ZodType<T>, value: unknown, host: string): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const fields = new Set(read.error.issues.map(({ path }) => path.join('.')).filter((path) => path !== ''));
  throw new SojournError('cloud_answer_unknown', {
    detail:
      fields.size > 0
        ? `${host} answered without a usable ${[...fields].join(', ')}.`
        : `${host} answered something unreadable.`,
  });
}

/** The members of a JSON object that are of the wanted kind, out of an answer that may be anything. */
export function parseError<T>(schema: z.ZodType<T>, { body }: OutboundResponse): Partial<T> {
  return schema.safeParse(parse(body)).data ?? {};
}

/** What every refusal has, whatever its words. */
export function refusalHead({
  status,
  headers,
}: OutboundResponse): Pick<CloudResponse, 'status' | 'retryAfter'> {
  const wait = /^\d{1,5}$/.exec(headers['retry-after'] ?? '')?.[0];
  return { status, ...(wait === undefined ? {} : { retryAfter: Number(wait) }) };
}

/** RFC 6749 appendix B. */
export const formType = 'application/x-www-form-urlencoded';

/** A door's address below one that may have been set with or without a slash at its end. */
export const joinUrl = (base: string, path: string): string => base.replace(/\/+$/, '') + path;

/** What a cloud may have for a text that is in no way promised. */
export const optionalText = z.string().catch('');

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
