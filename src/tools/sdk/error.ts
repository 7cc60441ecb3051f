/** The one error of the SDK. It stands apart from the server's, whose codes it carries as they come. */

/** What no server said: nobody answered, not in time, not in our words, or a call that cannot be meant. */
export type LocalCode =
  | 'unreachable'
  | 'timeout'
  | 'response_invalid'
  | 'sign_in_invalid'
  | 'invalid_argument';

export interface RequestErrorFacts {
  /** A code of docs/errors.md, of OAuth (RFC 6749 section 5.2), or a `LocalCode`. */
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  /** Of the answer, if there was one. */
  readonly status?: number | undefined;
  /** Whole seconds after which another try makes sense. */
  readonly retryAfter?: number | undefined;
  /** The server's id of the request, as its log and audit have it. */
  readonly requestId?: string | undefined;
}

/** Never holds a secret, a token or a body: only what a problem document (RFC 9457) says to its caller. */
export class SojournRequestError extends Error {
  override readonly name = 'SojournRequestError';
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;

  constructor({ code, detail, advice, status, retryAfter, requestId }: RequestErrorFacts) {
    super(`${detail} ${advice} (${requestId === undefined ? code : `${code}, request ${requestId}`})`);
    this.code = code;
    this.detail = detail;
    this.advice = advice;
    this.status = status;
    this.retryAfter = retryAfter;
    this.requestId = requestId;
  }
}

/** Another try may help. A 502 in the server's own words is the cloud's refusal, which the server has judged already. */
export function isPassing(error: unknown): error is SojournRequestError {
  if (!(error instanceof SojournRequestError)) return false;
  const { code, status } = error;
  if (status === undefined) return code === 'unreachable' || code === 'timeout';
  return status === 429 || (status >= 500 && !(status === 502 && code.startsWith('cloud_')));
}

/** The server itself says no, and not somebody in front of it: what it gave before is not to be used any longer. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof SojournRequestError &&
  error.status !== undefined &&
  error.code !== 'response_invalid' &&
  !isPassing(error);

/** A face of one cloud was handed a connection to another. */
export const otherCloud = (face: string, cloud: string) =>
  new SojournRequestError({
    code: 'invalid_argument',
    detail: `The connection leads to ${cloud}, which ${face} is not for.`,
    advice: 'Give the id of a connection to that cloud, or use the face of this one.',
  });
