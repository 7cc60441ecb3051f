/**
 * Detects a wrong clock on this server: a key could sign before verifiers have it, and another could leave the
 * JWKS too early, on every replica.
 */
import { clockToleranceMs, type Elapsed, type Now, toTimestamp } from '../../platform/time/index.ts';
import { keyAheadOf, type Ring } from './ring.ts';

export interface Clock {
  readonly now: Now;
  /**
   * The time that `now` would give if the clock had never been set. A machine that was suspended looks like one whose clock
   * was set.
   */
  readonly steadyNow: Now;
  /** Without it, the wall clock is always trusted. */
  readonly trust?: ClockTrust;
}

/** Plain values, because the path of a token reads them. */
export interface ClockTrust {
  readonly elapsed: Elapsed;
  /** Wall clock minus `elapsed` when the clock was last trusted: a jump counts at once, before anything has noticed it. */
  offset: number;
  /** Why nothing is signed; undefined while the clock is trusted. */
  problem?: string | undefined;
  /** Why no key changes its state although the clock is trusted. */
  doubt?: string | undefined;
}

/** Why no key changes its state, for the operator: the clock is not trusted, or has jumped since the start. */
export function clockFault({ now, steadyNow, trust }: Clock): string | undefined {
  const known = trust?.problem ?? trust?.doubt;
  if (known !== undefined) return known;
  const ms = now() - steadyNow();
  if (Math.abs(ms) <= clockToleranceMs) return undefined;
  const direction = ms > 0 ? 'forward' : 'back';
  return `the clock of this server has jumped ${Math.round(Math.abs(ms) / 1000)} s ${direction} since its start`;
}

/** Why the clock contradicts the times in this ring; undefined if it does not. */
export function ringClockConflict(ring: Ring, name: string, { now }: Clock): string | undefined {
  const key = keyAheadOf(ring, now());
  return (
    key &&
    `the key ${key.kid} of the ring ${name} has a time in the future of the clock of this server: ${toTimestamp(key.at)}`
  );
}
