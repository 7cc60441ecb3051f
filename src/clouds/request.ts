/** Requests to a cloud that answers in JSON: limited in size and time, retried if useful, and validated. */
import { z } from 'zod';
import { SojournError } from '../platform/errors/index.ts';
import { type OutboundRequest, type OutboundResponse, send } from '../platform/outbound/index.ts';
import { byStatus, type CloudResponse, defaultRetryAfterSeconds } from './explanation.ts';
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
        : `The response of ${host} is not readable; a proxy may have sent it.`,
  });
}

/** What an error response of an API says. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
}

/**
 * The error of a response that is not 2xx: explained if the API of the cloud sent it, and otherwise not presented as the
 * cloud's.
 * @param error what the response says; undefined if it does not have the format of the API
 */
export function refusalOf(
  answer: OutboundResponse,
  {
    host,
    step,
    error,
  }: { readonly host: string; readonly step: string; readonly error: ApiError | undefined },
  explain: (response: CloudResponse) => SojournError,
): SojournError {
  return error === undefined || (error.code === '' && error.message === '')
    ? foreignAnswer(answer, host)
    : explain({ ...refusalHead(answer), step, ...error });
}

const proxyAdvice =
  'Allow the requests of this server to the host in your proxy or firewall, without a sign-in or an inspection that replaces its answers.';

/**
 * An answer that the API did not write. 407 is a proxy's (RFC 9110 section 15.5.8), and proxies refuse with 403 or a web page:
 * the cloud has decided nothing, so what it issued stays valid.
 */
function foreignAnswer(answer: OutboundResponse, host: string): SojournError {
  const { status, retryAfter } = refusalHead(answer);
  const isPage =
    /^\s*<(!doctype html|html)/i.test(answer.body) || /\bhtml\b/.test(answer.headers['content-type'] ?? '');
  const what = isPage ? 'a web page' : 'something else than an error of its API';
  const detail = `${host} answered with status ${status} and ${what}; a proxy or firewall may have answered in its place.`;
  const isRefusal = status < 500 && status !== 408 && status !== 429;
  const isProxy = status === 407 || status === 403 || isPage;
  const code = isRefusal && isProxy ? 'cloud_unavailable' : byStatus(status).errorCode;
  return new SojournError(code, {
    detail,
    advice: proxyAdvice,
    ...(code === 'cloud_unavailable' || code === 'cloud_throttled'
      ? { retryAfter: retryAfter ?? defaultRetryAfterSeconds[code] }
      : {}),
    cause: { status, code: '', message: '', step: '', isTransient: !isRefusal } satisfies CloudResponse,
  });
}

/** The error members of a response that match the schema; undefined for any other response. */
export const parseError = <T>(schema: z.ZodType<T>, { body }: OutboundResponse): T | undefined =>
  schema.safeParse(parse(body)).data;

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
