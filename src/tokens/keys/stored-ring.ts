/** The ring in the store, which all replicas change by compare-and-swap. */
import type { RecordType, Store } from '../../platform/store/index.ts';
import { parseRing, storable } from './parse.ts';
import type { Ring } from './ring.ts';

/** The ring of all issuers without own keys. A tenant with own keys has a ring under the tenant's id. */
export const mainRing = 'shared';

/** The ring of the key that signs the checkpoints of the audit log. It belongs to no issuer. */
export const journalRing = 'journal';

/** For the audit: the tenant to which the ring belongs, if any. */
export const ownerOf = (ring: string): { readonly tenant?: string } =>
  ring === mainRing || ring === journalRing ? {} : { tenant: ring };

/** Among the rings, every document is the ring of an issuer. */
const placeOf = (ring: string): readonly [RecordType, string] =>
  ring === journalRing ? ['setting', 'journal_key'] : ['ring', ring];

export interface StoredRing {
  readonly ring: Ring;
  readonly version: number;
}

export async function readStoredRing(store: Pick<Store, 'get'>, id: string): Promise<StoredRing | undefined> {
  const stored = await store.get(...placeOf(id));
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
    ? store.insert(...placeOf(id), storable(ring))
    : store.replace(...placeOf(id), version, storable(ring));
}
