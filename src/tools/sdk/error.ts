/** The only error class of the SDK. It passes on the server's codes unchanged. */

/** Codes of the SDK itself: no server, no response in time, an unreadable response, or an invalid argument. */
export type LocalCode =
  | 'unreachable'
  | 'timeout'
  | 'response_invalid'
  | 'sign_in_invalid'
  | 'invalid_argument';

export interface RequestErrorDetails {
  /** A code of docs/errors.md, of OAuth (RFC 6749 section 5.2), or a `LocalCode`. */
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  /** HTTP status of the response, if there was one. */
  readonly status?: number | undefined;
  /** Whole seconds to wait before a retry. */
  readonly retryAfter?: number | undefined;
  /** The server's request id, as in its log and audit. */
  readonly requestId?: string | undefined;
}

/** Never contains a secret, a token or a body: only what a problem document (RFC 9457) says to its caller. */
export class SojournRequestError extends Error {
  override readonly name = 'SojournRequestError';
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;

  constructor({ code, detail, advice, status, retryAfter, requestId }: RequestErrorDetails) {
    super(`${detail} ${advice} (${requestId === undefined ? code : `${code}, request ${requestId}`})`);
    this.code = code;
    this.detail = detail;
    this.advice = advice;
    this.status = status;
    this.retryAfter = retryAfter;
    this.requestId = requestId;
  }
}

/** A retry may help. A 502 with a `cloud_…` code is the cloud's refusal as the server classified it, and is final. */
export function isTransient(error: unknown): error is SojournRequestError {
  if (!(error instanceof SojournRequestError)) return false;
  const { code, status } = error;
  if (status === undefined) return code === 'unreachable' || code === 'timeout';
  return status === 429 || (status >= 500 && !(status === 502 && code.startsWith('cloud_')));
}

/** The server itself refuses, not a gateway: cached credentials must not be used any longer. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof SojournRequestError &&
  error.status !== undefined &&
  error.code !== 'response_invalid' &&
  !isTransient(error);

/** The server refuses the client itself, or issues nothing at all: cached credentials of no connection may be used any longer. */
export const isClientRefusal = (error: unknown): boolean =>
  isRefusal(error) && clientRefusals.includes((error as SojournRequestError).code);

/** A disabled, deleted or unknown client, and a suspended server; `access_denied` is its code at /token. */
const clientRefusals: readonly string[] = [
  'invalid_client',
  'unauthorized_client',
  'access_denied',
  'issuing_suspended',
];

/** The connection's cloud is not the one that the adapter supports. */
export const wrongCloud = (adapter: string, supported: string, cloud: string) =>
  new SojournRequestError({
    code: 'invalid_argument',
    detail: `The connection is to ${cloud}, but ${adapter} supports only ${supported}.`,
    advice: `Use a connection to ${supported}, or the adapter for ${cloud}.`,
  });
