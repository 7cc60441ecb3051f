/** One step of giving every private half the form in which its backend seals today. */
import type { KeyBackend } from './backend.ts';
import type { Change } from './replicated.ts';
import { type Ring, replaceSealed } from './ring.ts';

/** The change that is due, one key at a time; undefined when none is. A key that the backend cannot open stays as it is. */
export async function nextRewrap(ring: Ring, backend: KeyBackend): Promise<Change | undefined> {
  for (const key of ring.keys) {
    const sealed = await backend.rewrap?.(key);
    if (sealed === undefined) continue;
    const { kid, alg } = key;
    return { events: [{ event: 'key.rewrapped', kid, alg }], ring: replaceSealed(ring, kid, sealed) };
  }
  return undefined;
}
