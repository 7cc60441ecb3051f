/** One look at a public URL, as a cloud takes it: no redirect is followed, and nobody waits for long. */
import { SojournError } from '../../platform/errors/index.ts';
import { type OutboundAnswer, send } from '../../platform/outbound/index.ts';
import type { Now } from '../../platform/time/index.ts';

/** AWS gives up on an issuer after five seconds. */
export const deadlineMs = 5_000;

export interface Fetched {
  readonly url: string;
  readonly ms: number;
  /** Absent when there was none. */
  readonly answer?: OutboundAnswer;
  /** Why there was none. */
  readonly fault?: string;
}

/** One of the ways to ask: the plain one, or one that guards against what somebody else has named. */
export type Look = (url: string, signal: AbortSignal) => Promise<OutboundAnswer>;

const plainLook: Look = (url, signal) =>
  send({ method: 'GET', url, headers: { accept: 'application/json' }, signal });

export async function fetchPublic(url: string, now: Now, look = plainLook): Promise<Fetched> {
  const begun = now();
  try {
    const answer = await look(url, AbortSignal.timeout(deadlineMs));
    return { url, ms: now() - begun, answer };
  } catch (error) {
    return { url, ms: now() - begun, fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  if (!(error instanceof SojournError)) throw error;
  // The true reason, such as UNABLE_TO_VERIFY_LEAF_SIGNATURE.
  const reason = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof reason === 'string' ? `${error.message} (${reason})` : error.message;
}
