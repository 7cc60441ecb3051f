/**
 * Maps a cloud's error to one of our codes: ordered tables in which the first match wins. They are data, so that
 * docs/errors.md can list them.
 */
import { type ErrorCode, SojournError } from '../platform/errors/index.ts';
import { redact } from '../platform/redaction/index.ts';

/** A cloud's error response, reduced to what may be stored and logged. */
export interface CloudResponse {
  readonly status: number;
  /** The cloud's own code: `AccessDenied`, `700213`, `invalid_grant`. */
  readonly code: string;
  readonly message: string;
  /** The service or call that answered, where a cloud has several. */
  readonly step: string;
  /** The Retry-After of the cloud, in whole seconds. */
  readonly retryAfter?: number;
  /** Whether the same request may succeed at once; set by the table where its error code does not say it (retry.ts). */
  readonly isTransient?: boolean;
}

/** Conditions on a response; an absent member matches anything. */
export interface Match {
  readonly step?: string;
  readonly status?: number;
  /** The cloud's own code, exactly. */
  readonly code?: string;
  /** The beginning of the code, for a family of numbers. */
  readonly codePrefix?: string;
  /** A part of the message, case-insensitive. */
  readonly messageIncludes?: string;
}

export interface Explanation {
  readonly match: Match;
  readonly errorCode: ErrorCode;
  /** What is wrong. */
  readonly detail: string;
  /** What to do about it; defaults to the advice of the error code. */
  readonly advice?: string;
  /** Whether an exchange is retried at once; by default if the cloud is unavailable or throttles. */
  readonly isTransient?: boolean;
}

/** The retryAfter of an error if the cloud sent no Retry-After. */
export const defaultRetryAfterSeconds = { cloud_throttled: 1, cloud_unavailable: 5 };

/** The error of the first matching row: its detail, then the cloud's own message. Its `cause` is the redacted response. */
export function explainBy(cloud: string, rows: readonly Explanation[], answer: CloudResponse): SojournError {
  const {
    errorCode: means,
    detail,
    advice,
    isTransient,
  }: Omit<Explanation, 'match'> = rows.find(({ match: when }) => isMatch(when, answer)) ??
  byStatus(answer.status);
  const cause: CloudResponse = {
    ...answer,
    code: redact(answer.code),
    message: redact(answer.message),
    ...(isTransient === undefined ? {} : { isTransient }),
  };
  const quoted = [cause.code, cause.message].filter((part) => part !== '').join(': ');
  const wait =
    answer.retryAfter ??
    (means === 'cloud_throttled' || means === 'cloud_unavailable'
      ? defaultRetryAfterSeconds[means]
      : undefined);
  return new SojournError(means, {
    detail: `${detail} ${cloud} says ${quoted === '' ? `nothing, with status ${answer.status}` : quoted}`,
    ...(advice === undefined ? {} : { advice }),
    ...(wait === undefined ? {} : { retryAfter: wait }),
    cause,
  });
}

/** The redacted response behind an error of `explainBy`; empty for any other error. */
export function cloudResponseOf({ cause }: SojournError): Partial<CloudResponse> {
  return typeof cause === 'object' && cause !== null ? cause : {};
}

function isMatch(
  { step, status, code, codePrefix = '', messageIncludes: says }: Match,
  answer: CloudResponse,
): boolean {
  return (
    (step === undefined || step === answer.step) &&
    (status === undefined || status === answer.status) &&
    (code === undefined || code === answer.code) &&
    answer.code.startsWith(codePrefix) &&
    (says === undefined || answer.message.toLowerCase().includes(says.toLowerCase()))
  );
}

export function byStatus(status: number): Omit<Explanation, 'match'> {
  if (status === 429) return { errorCode: 'cloud_throttled', detail: 'The cloud throttles requests.' };
  // 408: the cloud's own SDKs retry it like a server error.
  if (status >= 500 || status === 408)
    return { errorCode: 'cloud_unavailable', detail: 'The cloud reports an internal error.' };
  return { errorCode: 'cloud_answer_unknown', detail: `The cloud refused with status ${status}.` };
}
