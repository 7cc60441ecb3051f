/** The ring in the store, which all replicas change by compare-and-swap. */
import type { Store } from '../../platform/store/index.ts';
import { parseRing, storable } from './parse.ts';
import type { Ring } from './ring.ts';

/** The ring of all issuers without own keys. A tenant with own keys has a ring under the tenant's id. */
export const mainRing = 'shared';

export interface StoredRing {
  readonly ring: Ring;
  readonly version: number;
}

export async function readStoredRing(store: Store, id: string): Promise<StoredRing | undefined> {
  const stored = await store.get('ring', id);
  return (
    stored && {
      ring: await parseRing(stored.value, `The key ring ${id} in the store`),
      version: stored.version,
    }
  );
}

/** False if another writer has changed the ring since `version`. `version` is undefined if the store has no ring. */
export function writeStoredRing(
  store: Store,
  id: string,
  version: number | undefined,
  ring: Ring,
): Promise<boolean> {
  return version === undefined
    ? store.insert('ring', id, storable(ring))
    : store.replace('ring', id, version, storable(ring));
}
