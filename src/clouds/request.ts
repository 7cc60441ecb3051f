/** Requests to a cloud that answers in JSON: limited in size and time, retried if useful, and validated. */
import { z } from 'zod';
import { SojournError } from '../platform/errors/index.ts';
import { type OutboundRequest, type OutboundResponse, send } from '../platform/outbound/index.ts';
import type { CloudResponse } from './explanation.ts';
import { withRetries } from './retry.ts';

export interface JsonRequest<T> {
  readonly request: OutboundRequest;
  /** The schema of a successful response. */
  readonly schema: z.ZodType<T>;
  /** Converts a response that is not 2xx to an error. */
  readonly refusal: (answer: OutboundResponse) => SojournError;
}

/** @throws {SojournError} the error of `refusal`, `cloud_timeout`, `cloud_unavailable` or `cloud_answer_unknown` */
export function requestJson<T>({ request, schema, refusal }: JsonRequest<T>): Promise<T> {
  return withRetries(async () => {
    const answer = await send(request);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
    return parseResponse(schema, parse(answer.body), new URL(request.url).host);
  }, request.signal);
}

/** A response can contain credentials, so errors and logs name only the invalid fields. */
export function parseResponse<T>(schema: z.ZodType<T>, value: unknown, host: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = new Set(result.error.issues.map(({ path }) => path.join('.')).filter((path) => path !== ''));
  throw new SojournError('cloud_answer_unknown', {
    detail:
      fields.size > 0
        ? `The response of ${host} has no valid ${[...fields].join(', ')}.`
        : `The response of ${host} is not readable.`,
  });
}

/** The error members of a response that match the schema; empty for any other response. */
export function parseError<T>(schema: z.ZodType<T>, { body }: OutboundResponse): Partial<T> {
  return schema.safeParse(parse(body)).data ?? {};
}

/** The status and Retry-After of an error response. */
export function refusalHead({
  status,
  headers,
}: OutboundResponse): Pick<CloudResponse, 'status' | 'retryAfter'> {
  const seconds = /^\d{1,5}$/.exec(headers['retry-after'] ?? '')?.[0];
  return { status, ...(seconds === undefined ? {} : { retryAfter: Number(seconds) }) };
}

/** RFC 6749 appendix B. */
export const formType = 'application/x-www-form-urlencoded';

/** Joins a base URL, with or without a trailing slash, and a path. */
export const joinUrl = (base: string, path: string): string => base.replace(/\/+$/, '') + path;

/** A text that a cloud does not guarantee; defaults to an empty string. */
export const optionalText = z.string().catch('');

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
