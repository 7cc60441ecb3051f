/** A change of the ring, with the events to record for it. */
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

/**
 * The event of a key that starts to sign. Logs a warning if it was published too briefly, which happens only if no other
 * key can sign.
 */
export function activationEvent(
  key: KeyRecord,
  { timing, now, logger }: { readonly timing: Timing; readonly now: Now; readonly logger: Logger },
): RingChange {
  if (isReady(key, timing, now())) return keyEvent('key.activated', key);
  logger.warn(
    { kid: key.kid, alg: key.alg, published_at: toTimestamp(key.published_at) },
    'activating a key before the end of its publish_lead, because no other key can sign',
  );
  return { ...keyEvent('key.activated', key), publishLeadSkipped: true };
}
