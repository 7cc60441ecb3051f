/** One step of giving every private half the form in which its holder seals today. */
import type { Holder } from './holder.ts';
import type { Change } from './replicated.ts';
import { type Ring, reseal } from './ring.ts';

/** The change that is due, one key at a time; undefined when none is. A key that the holder cannot open stays as it is. */
export async function renewal(ring: Ring, holder: Holder): Promise<Change | undefined> {
  for (const key of ring.keys) {
    const sealed = await holder.renew?.(key);
    if (sealed === undefined) continue;
    const { kid, alg } = key;
    return { what: [{ event: 'key.resealed', kid, alg }], ring: reseal(ring, kid, sealed) };
  }
  return undefined;
}
