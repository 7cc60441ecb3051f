/** The ring in the store, which all replicas change by compare-and-swap. */
import type { Store } from '../../platform/store/index.ts';
import { parseRing, storable } from './parse.ts';
import type { Ring } from './ring.ts';

/** The ring of every issuer that has no keys of its own; a tenant's own ring is called by the tenant's id. */
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

/** False when somebody else was faster than the one who read `version`; undefined is for a store without a ring. */
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
