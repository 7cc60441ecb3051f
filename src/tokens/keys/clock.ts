/**
 * Whether this server's clock can be believed. By a wrong one a key would sign that verifiers lack, and another would leave
 * the JWKS that they need, on every replica.
 */
import { clockToleranceMs, type Now, toTimestamp } from '../../platform/time/index.ts';
import { keyAheadOf, type Ring } from './ring.ts';

export interface Clock {
  readonly now: Now;
  /** What `now` would say had nobody set the clock: a machine that stood still shows as one that was set. */
  readonly steadyNow: Now;
}

/** What was done to the clock, in words for the operator; undefined while it is as it should be. */
export function clockFault({ now, steadyNow }: Clock): string | undefined {
  const ms = now() - steadyNow();
  if (Math.abs(ms) <= clockToleranceMs) return undefined;
  const direction = ms > 0 ? 'ahead' : 'back';
  return `the clock of this server is ${Math.round(Math.abs(ms) / 1000)} s ${direction} of the time since its start`;
}

/** Why the clock and the ring of this name cannot both be right; undefined while they can. */
export function ringClockConflict(ring: Ring, name: string, { now }: Clock): string | undefined {
  const key = keyAheadOf(ring, now());
  return (
    key &&
    `the key ${key.kid} of the ring ${name} has a time that is ahead of the clock of this server: ${toTimestamp(key.at)}`
  );
}
