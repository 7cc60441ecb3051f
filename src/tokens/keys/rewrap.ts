/** Rewraps private keys with the current key-encryption key, one at a time. */
import type { KeyBackend } from './backend.ts';
import type { Change } from './replicated.ts';
import { type Ring, replaceSealed } from './ring.ts';

/** The next change; undefined if no key needs one. A key that the backend cannot decrypt stays unchanged. */
export async function nextRewrap(ring: Ring, backend: KeyBackend): Promise<Change | undefined> {
  for (const key of ring.keys) {
    const sealed = await backend.rewrap?.(key);
    if (sealed === undefined) continue;
    const { kid, alg } = key;
    return { events: [{ event: 'key.rewrapped', kid, alg }], ring: replaceSealed(ring, kid, sealed) };
  }
  return undefined;
}
