/** Why there is nothing new, in words for people, and what follows from it. */
import { SojournError } from '../../platform/errors/index.ts';
import { isRefusal, SojournRequestError } from '../sdk/index.ts';

export interface Trouble {
  readonly code: string;
  /** What is wrong, and what to do: neither holds a secret. */
  readonly sentence: string;
  readonly advice: string;
  /** Whole seconds. */
  readonly retryAfter: number | undefined;
  /** For the log. */
  readonly cause: unknown;
  /**
   * `server`: nobody answers, or nobody may sign in; it concerns all connections. `moment`: this one may come right by
   * itself. `refusal`: the server says no, and what was given before is not handed out any longer.
   */
  readonly kind: 'server' | 'moment' | 'refusal';
}

/** What is said to every connection alike. */
const ofTheServer: readonly string[] = [
  'unreachable',
  'timeout',
  'response_invalid',
  'sign_in_invalid',
  'invalid_client',
  'unauthorized',
  'rate_limited',
  'temporarily_unavailable',
  'server_error',
  'store_unavailable',
  'audit_unavailable',
  'shutting_down',
];

export function troubleOf(error: unknown): Trouble {
  if (error instanceof SojournRequestError) {
    const { code, detail, advice, retryAfter } = error;
    const kind = ofTheServer.includes(code) ? 'server' : isRefusal(error) ? 'refusal' : 'moment';
    return { code, sentence: detail, advice, retryAfter, cause: undefined, kind };
  }
  const known = error instanceof SojournError ? error : new SojournError('internal', { cause: error });
  return {
    code: known.code,
    sentence: known.message,
    advice: known.advice,
    retryAfter: undefined,
    cause: known.cause,
    kind: known.code === 'agent_token_ttl_too_short' ? 'refusal' : 'moment',
  };
}
