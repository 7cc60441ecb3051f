/** From a cloud's words to a code of ours: tables that are read from the top, as data, so that docs/errors.md can show them. */
import { type ErrorCode, SojournError } from '../platform/errors/index.ts';

/** What a cloud said when it refused, reduced to what may be kept. */
export interface CloudResponse {
  readonly status: number;
  /** The cloud's own code: `AccessDenied`, `700213`, `invalid_grant`. */
  readonly code: string;
  readonly message: string;
  /** Which of the cloud's doors said it, where a cloud has several. */
  readonly step: string;
  /** Whole seconds, where the cloud said how long to wait. */
  readonly retryAfter?: number;
}

/** What an answer must have; what is left out may be anything. */
export interface Match {
  readonly step?: string;
  readonly status?: number;
  /** The cloud's own code, exactly. */
  readonly code?: string;
  /** A piece of the message, in any case of letters. */
  readonly messageIncludes?: string;
}

export interface Explanation {
  readonly match: Match;
  readonly errorCode: ErrorCode;
  /** What is wrong, in our words. */
  readonly detail: string;
  /** What to do about it; the advice of the code when absent. */
  readonly advice?: string;
}

/** Told to whoever has to wait and got no Retry-After from the cloud. */
const usualWaitSeconds: { readonly [code in ErrorCode]?: number } = {
  cloud_throttled: 1,
  cloud_unavailable: 5,
};

/** The first row that fits, with the cloud's own words behind ours; the answer itself, cleaned, is the `cause`. */
export function explainBy(cloud: string, rows: readonly Explanation[], answer: CloudResponse): SojournError {
  const {
    errorCode: means,
    detail,
    advice,
  } = rows.find(({ match: when }) => fits(when, answer)) ?? byStatus(answer.status);
  const cause: CloudResponse = { ...answer, code: redact(answer.code), message: redact(answer.message) };
  const words = [cause.code, cause.message].filter((part) => part !== '').join(': ');
  const wait = answer.retryAfter ?? usualWaitSeconds[means];
  return new SojournError(means, {
    detail: `${detail} ${cloud} says ${words === '' ? `nothing, with status ${answer.status}` : words}`,
    ...(advice === undefined ? {} : { advice }),
    ...(wait === undefined ? {} : { retryAfter: wait }),
    cause,
  });
}

/** What the cloud said, of an error that `explainBy` made. */
export function cloudResponseOf({ cause }: SojournError): Partial<CloudResponse> {
  return typeof cause === 'object' && cause !== null ? cause : {};
}

function fits({ step, status, code, messageIncludes: says }: Match, answer: CloudResponse): boolean {
  return (
    (step === undefined || step === answer.step) &&
    (status === undefined || status === answer.status) &&
    (code === undefined || code === answer.code) &&
    (says === undefined || answer.message.toLowerCase().includes(says.toLowerCase()))
  );
}

function byStatus(status: number): Omit<Explanation, 'match'> {
  if (status === 429) return { errorCode: 'cloud_throttled', detail: 'The cloud throttles requests.' };
  if (status >= 500) return { errorCode: 'cloud_unavailable', detail: 'The cloud has a fault of its own.' };
  return { errorCode: 'cloud_answer_unknown', detail: `The cloud refused with status ${status}.` };
}

const longestMessage = 400;

/**
 * A cloud may echo what it was sent. Whatever looks like a token, also one that was broken into lines, or like any other
 * long secret is taken out; key ids (43 characters, or 64 of hex as Entra writes them) and names stay. A slash is in base64 as it is in the names of
 * resources: only what also has a plus, or ends in an equals sign, is taken for base64.
 */
export function redact(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/(eyJ|ya29\.)[\w.-]*( +[\w.-]{20,})*/g, '[token]')
    .replace(/[\w+=~-]{48,}/g, (text) => (/^[0-9A-F]{64}$/.test(text) ? text : '[removed]'))
    .replace(/[\w+/=~-]{48,}/g, (text) => (/\+|=$/.test(text) ? '[removed]' : text))
    .trim()
    .slice(0, longestMessage);
}
