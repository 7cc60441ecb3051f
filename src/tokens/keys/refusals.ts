/** Why a next key does not sign yet, for the administrator who ordered it. */
import { SojournError } from '../../platform/errors/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { KeyRecord } from './ring.ts';

export function nextKeyMissing(alg: string): SojournError {
  return new SojournError('key_not_ready', {
    detail: `There is no next ${alg} key yet.`,
    advice:
      'One is made within seconds, as soon as the backend of the keys answers: `sojourn keys list` shows it.',
    retryAfter: 5,
  });
}

export function nextKeyNotReady(key: KeyRecord, at: number, now: number): SojournError {
  return new SojournError('key_not_ready', {
    detail: `The next ${key.alg} key ${key.kid} may sign from ${toTimestamp(at)} on.`,
    retryAfter: Math.ceil((at - now) / 1000),
  });
}

export function clockNotTrusted(fault: string): SojournError {
  return new SojournError('keys_unavailable', {
    detail: `No key is made to sign: ${fault}.`,
    advice: 'Set the clock of the server (NTP) and restart it, or order the rotation at another replica.',
  });
}

export function nextKeyNotPropagated(key: KeyRecord, obstacles: readonly string[]): SojournError {
  return new SojournError('key_not_propagated', {
    detail: `The next ${key.alg} key ${key.kid} cannot sign yet: ${obstacles.join('; ')}.`,
  });
}
