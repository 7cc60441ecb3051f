/**
 * Detects a wrong clock on this server: a key could sign before verifiers have it, and another could leave the
 * JWKS too early, on every replica.
 */
import { clockToleranceMs, type Now, toTimestamp } from '../../platform/time/index.ts';
import { keyAheadOf, type Ring } from './ring.ts';

export interface Clock {
  readonly now: Now;
  /**
   * The time that `now` would give if the clock had never been set. A machine that was suspended looks like one whose clock
   * was set.
   */
  readonly steadyNow: Now;
}

/** How far the clock has jumped since the start, for the operator; undefined within the tolerance. */
export function clockFault({ now, steadyNow }: Clock): string | undefined {
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
