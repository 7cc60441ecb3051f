/** Fetches a public URL as a cloud does: follows no redirect, gives up after five seconds. */
import { SojournError } from '../../platform/errors/index.ts';
import { type OutboundResponse, send } from '../../platform/outbound/index.ts';
import type { Now } from '../../platform/time/index.ts';

/** AWS gives up on an issuer after five seconds. */
export const deadlineMs = 5_000;

export interface Fetched {
  readonly url: string;
  readonly ms: number;
  /** Absent if there was no answer. */
  readonly answer?: OutboundResponse;
  /** Why there was no answer, and the code of the cause, such as UNABLE_TO_VERIFY_LEAF_SIGNATURE. */
  readonly fault?: { readonly reason: string; readonly code?: string };
}

/** Sends the request: without restrictions, or with an egress policy for URLs from an untrusted document. */
export type FetchPublic = (url: string, signal: AbortSignal) => Promise<OutboundResponse>;

const fetchPlain: FetchPublic = (url, signal) =>
  send({ method: 'GET', url, headers: { accept: 'application/json' }, signal });

export async function fetchPublic(url: string, now: Now, fetchUrl = fetchPlain): Promise<Fetched> {
  const startedAt = now();
  try {
    const answer = await fetchUrl(url, AbortSignal.timeout(deadlineMs));
    return { url, ms: now() - startedAt, answer };
  } catch (error) {
    return { url, ms: now() - startedAt, fault: faultOf(error) };
  }
}

function faultOf(error: unknown): NonNullable<Fetched['fault']> {
  if (!(error instanceof SojournError)) throw error;
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return { reason: error.message, ...(typeof code === 'string' ? { code } : {}) };
}
