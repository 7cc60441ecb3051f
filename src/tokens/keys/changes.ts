/** A change of the ring, with what is told of it. */
import type { Logger } from '../../platform/log/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Change, RingChange } from './replicated.ts';
import { type KeyRecord, type Ring, ready, type Timing } from './ring.ts';

export const told = (event: RingChange['event'], { kid, alg }: KeyRecord): RingChange => ({
  event,
  kid,
  alg,
});

export const changeTo = (ring: Ring, ...what: readonly RingChange[]): Change => ({ what, ring });

/** That a key signs from now on; said aloud when it is too early, which is only where no other key can. */
export function takesOver(
  key: KeyRecord,
  { timing, now, logger }: { readonly timing: Timing; readonly now: Now; readonly logger: Logger },
): RingChange {
  if (ready(key, timing, now())) return told('key.activated', key);
  logger.warn(
    { kid: key.kid, alg: key.alg, published_at: toTimestamp(key.published_at) },
    'a key signs before it was published for long enough, because no other can',
  );
  return { ...told('key.activated', key), early: true };
}
