/** One look at a public URL, as a cloud takes it: no redirect is followed, and nobody waits for long. */
import { SojournError } from '../errors/index.ts';
import { type OutboundAnswer, send } from '../outbound/index.ts';
import type { Now } from '../time/index.ts';

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

export async function fetchPublic(url: string, now: Now): Promise<Fetched> {
  const begun = now();
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    const answer = await send({ method: 'GET', url, headers: { accept: 'application/json' }, signal });
    return { url, ms: now() - begun, answer };
  } catch (error) {
    return { url, ms: now() - begun, fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  if (!(error instanceof SojournError)) throw error;
  // What fetch knows of the true reason, such as UNABLE_TO_VERIFY_LEAF_SIGNATURE, lies two causes deep.
  const reason = (error.cause as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  return typeof reason === 'string' ? `${error.message} (${reason})` : error.message;
}
