/** The ring in the store, which all replicas change by compare-and-swap. */
import type { Store } from '../store/index.ts';
import { parseRing, storable } from './parse.ts';
import type { Ring } from './ring.ts';

/** The document in the store; the other issuers of later days get names of their own. */
const ringId = 'shared';

export interface SharedRing {
  readonly ring: Ring;
  readonly version: number;
}

export async function readShared(store: Store): Promise<SharedRing | undefined> {
  const stored = await store.get('ring', ringId);
  return (
    stored && { ring: await parseRing(stored.value, 'The key ring in the store'), version: stored.version }
  );
}

/** False when somebody else was faster than the one who read `version`; undefined is for a store without a ring. */
export function writeShared(store: Store, version: number | undefined, ring: Ring): Promise<boolean> {
  return version === undefined
    ? store.insert('ring', ringId, storable(ring))
    : store.replace('ring', ringId, version, storable(ring));
}

export async function hasConnections(store: Store): Promise<boolean> {
  return (await store.list('connection', { limit: 1 })).items.length > 0;
}
