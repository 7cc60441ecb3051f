/** Errors for an administrator who requests a rotation while the next key may not sign yet. */
import { SojournError } from '../../platform/errors/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { KeyRecord } from './ring.ts';

export function nextKeyMissing(alg: string): SojournError {
  return new SojournError('key_not_ready', {
    detail: `The next ${alg} key does not exist yet.`,
    advice:
      'Sojourn creates it within seconds once the key backend responds. Check with `sojourn keys list`, then retry.',
    retryAfter: 5,
  });
}

export function nextKeyNotReady(key: KeyRecord, at: number, now: number): SojournError {
  return new SojournError('key_not_ready', {
    detail: `The next ${key.alg} key ${key.kid} may not sign before ${toTimestamp(at)}.`,
    retryAfter: Math.ceil((at - now) / 1000),
  });
}

export function clockNotTrusted(fault: string): SojournError {
  return new SojournError('keys_unavailable', {
    detail: `No key can be activated: ${fault}.`,
    advice:
      'Correct the clock of this server (NTP) and restart it, or request the rotation from another replica.',
  });
}

export function nextKeyNotPropagated(key: KeyRecord, obstacles: readonly string[]): SojournError {
  return new SojournError('key_not_propagated', {
    detail: `The next ${key.alg} key ${key.kid} cannot sign yet: ${obstacles.join('; ')}.`,
  });
}
