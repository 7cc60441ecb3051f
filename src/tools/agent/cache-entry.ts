/** An entry of the agent's cache: its specification, its current value, and the time of its next refresh. */
import type { Now } from '../../platform/time/index.ts';
import type { Random } from './backoff.ts';
import type { Failure } from './failure.ts';

/** `delivery`: the variables and files of a service with a preset. */
export type EntryType = 'credentials' | 'token' | 'delivery';

export interface EntrySpec {
  readonly connection: string;
  readonly type: EntryType;
  /** The shortest lifetime that its readers can use; 0 for any. */
  readonly minLifetimeSeconds: number;
  /** Why they need it, for the error. */
  readonly lifetimeReason?: string | undefined;
  /** Narrows credentials. Undefined: the connection's only purpose, or no narrowing. */
  readonly purpose?: string | undefined;
}

/** A value from the server. Never logged, and written to disk only if the configuration names a file for it. */
export interface CacheValue {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Refreshed after this time at the latest. */
  readonly renewAfterMs?: number;
}

export interface CacheEntry extends EntrySpec {
  value: CacheValue | undefined;
  /** Time of the next refresh, in milliseconds since the epoch. */
  dueAt: number;
  /** Queued or being refreshed. */
  isPending: boolean;
  /** Failures in a row. */
  failureCount: number;
  refreshedAt: number | undefined;
  failure: Failure | undefined;
}

/** A value with less time left is not served: it would expire before it is used. */
export const minRemainingMs = 10_000;

/** The server renews credentials with five minutes or a quarter of their lifetime left; earlier it returns the same ones. */
const maxMarginMs = 300_000;

export const isUsable = ({ value }: CacheEntry, now: Now): boolean =>
  value !== undefined && value.expiresAt - now() > minRemainingMs;

/**
 * Tokens are refreshed at half of their lifetime, credentials as soon as the server has newer ones. Jitter spreads the
 * requests of agents that start together.
 */
export function nextRefreshAt(
  { type }: EntrySpec,
  { expiresAt, renewAfterMs = Number.POSITIVE_INFINITY }: CacheValue,
  now: Now,
  random: Random,
): number {
  const remainingMs = Math.max(0, expiresAt - now());
  const delayMs =
    type !== 'credentials'
      ? remainingMs * (0.45 + 0.05 * random())
      : remainingMs - Math.min(maxMarginMs, remainingMs / 4) * (0.8 + 0.2 * random());
  return now() + Math.max(1000, Math.min(delayMs, renewAfterMs));
}
