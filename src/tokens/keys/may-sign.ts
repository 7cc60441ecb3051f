/** Whether this replica may sign now: it trusts its clock, and knows the current keys. */
import { SojournError } from '../../platform/errors/index.ts';
import { clockToleranceMs } from '../../platform/time/index.ts';
import type { Clock } from './clock.ts';
import type { Timing } from './ring.ts';

/**
 * On the path of every token, so it calls no other function of ours.
 * @param lastReadAt when the ring was last read from the store, in milliseconds; without it, only the clock is checked
 */
export function assertSigning(
  { now, trust, timing }: Clock & { readonly timing: Timing },
  lastReadAt?: number,
): void {
  const time = now();
  const hasJumped = trust && Math.abs(time - trust.elapsed() - trust.offset) > clockToleranceMs;
  if (hasJumped || trust?.problem !== undefined) {
    throw new SojournError('keys_unavailable', {
      detail: 'Nothing is signed, because the clock of the server is not trusted.',
      cause: new Error(trust?.problem ?? 'the clock has just jumped'),
      retryAfter: 5,
    });
  }
  const ms = time - (lastReadAt ?? time);
  if (ms > timing.staleAfter) {
    throw new SojournError('keys_unavailable', {
      detail: `The key ring was last read from the store ${Math.floor(ms / 1000)} s ago, and the signing keys may have changed.`,
      retryAfter: 5,
    });
  }
}
