/** One step of giving every private half the form in which its backend seals today. */
import type { KeyBackend } from './backend.ts';
import type { Change } from './replicated.ts';
import { type Ring, reseal } from './ring.ts';

/** The change that is due, one key at a time; undefined when none is. A key that the backend cannot open stays as it is. */
export async function renewal(ring: Ring, backend: KeyBackend): Promise<Change | undefined> {
  for (const key of ring.keys) {
    const sealed = await backend.renew?.(key);
    if (sealed === undefined) continue;
    const { kid, alg } = key;
    return { what: [{ event: 'key.rewrapped', kid, alg }], ring: reseal(ring, kid, sealed) };
  }
  return undefined;
}
