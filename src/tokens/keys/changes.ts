/** A change of the ring, with what is told of it. */
import type { Logger } from '../../platform/log/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Change, RingChange } from './replicated.ts';
import { isReady, type KeyRecord, type Ring, type Timing } from './ring.ts';

export const keyEvent = (event: RingChange['event'], { kid, alg }: KeyRecord): RingChange => ({
  event,
  kid,
  alg,
});

export const changeWith = (ring: Ring, ...what: readonly RingChange[]): Change => ({ events: what, ring });

/** That a key signs from now on; said aloud when it is too early, which is only where no other key can. */
export function activationEvent(
  key: KeyRecord,
  { timing, now, logger }: { readonly timing: Timing; readonly now: Now; readonly logger: Logger },
): RingChange {
  if (isReady(key, timing, now())) return keyEvent('key.activated', key);
  logger.warn(
    { kid: key.kid, alg: key.alg, published_at: toTimestamp(key.published_at) },
    'a key signs before it was published for long enough, because no other can',
  );
  return { ...keyEvent('key.activated', key), publishLeadSkipped: true };
}
