/** One thing that the agent keeps: what was asked for, what is held, and when the next one is fetched. */
import type { Now } from '../../platform/time/index.ts';
import type { Random } from './backoff.ts';
import type { Trouble } from './trouble.ts';

export type Kind = 'credentials' | 'token';

export interface Wanted {
  readonly connection: string;
  readonly kind: Kind;
  /** The shortest life in seconds that is of use to whoever reads it; 0 where any will do. */
  readonly leastSeconds: number;
  /** What narrows credentials; undefined for everything, or the one purpose that there is. */
  readonly purpose?: string | undefined;
}

/** What the server gave, as it is handed on: never logged, and on disk only where it is asked for as a file. */
export interface Grant {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Held extends Wanted {
  grant: Grant | undefined;
  /** When the next one is fetched, in milliseconds since the epoch. */
  due: number;
  /** Queued or under way. */
  waits: boolean;
  /** Refusals in a row. */
  failures: number;
  refreshedAt: number | undefined;
  trouble: Trouble | undefined;
}

/** What has less left than this is not handed out: it would be over before it is used. */
export const leastLeftMs = 10_000;

/** The server renews credentials when they have five minutes or a quarter of their life left; earlier it gives the old ones. */
const longestMarginMs = 300_000;

export const isLive = ({ grant }: Held, now: Now): boolean =>
  grant !== undefined && grant.expiresAt - now() > leastLeftMs;

/**
 * Tokens are renewed at half of their life, credentials as soon as the server has newer ones; and no two agents that were
 * started together do it in the same second.
 */
export function dueAfter({ kind }: Wanted, { expiresAt }: Grant, now: Now, random: Random): number {
  const left = Math.max(0, expiresAt - now());
  const wait =
    kind === 'token'
      ? left * (0.45 + 0.05 * random())
      : left - Math.min(longestMarginMs, left / 4) * (0.8 + 0.2 * random());
  return now() + Math.max(1000, wait);
}
