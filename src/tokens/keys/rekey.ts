/** Seals every ring anew, in the store and in this replica's copies, whether servers run meanwhile or not. */
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyBackend } from './backend.ts';
import { ReplicatedRing, type RingChange } from './replicated.ts';
import { nextRewrap } from './rewrap.ts';
import { mainRing } from './stored-ring.ts';

export interface RekeyOptions {
  readonly store: Store;
  /** Where this replica keeps its copies. */
  readonly folder: string;
  /** Opens what either key has sealed, and seals with the new one. */
  readonly backend: KeyBackend;
  readonly logger: Logger;
  readonly now: Now;
  readonly record: (ring: string, change: RingChange) => Promise<void>;
}

export interface RekeyResult {
  readonly rings: number;
  /** Private halves that are kept. */
  readonly keys: number;
  /** How many of them were sealed anew now. */
  readonly rewrapped: number;
}

/**
 * Each key is a step of its own by compare-and-swap, so that whatever ends this halfway leaves rings of which every key
 * opens with one of the two. Rejects with `key_material_unusable` when one opens with neither, before anything is written.
 */
export async function rekey({ store, folder, backend, record, ...rest }: RekeyOptions): Promise<RekeyResult> {
  const ids = new Set([mainRing, ...(await store.versions('ring')).keys()]);
  let rewrapped = 0;
  const rings: ReplicatedRing[] = [];
  for (const id of ids) {
    const told = async (change: RingChange) => {
      rewrapped++;
      await record(id, change);
    };
    const options = { ...rest, store, folder, id, mayCreate: async () => false, record: told };
    const ring = await ReplicatedRing.load(options);
    await checkAll(ring, backend);
    rings.push(ring);
  }
  for (const ring of rings) {
    await ring.refresh();
    await ring.change((now) => nextRewrap(now, backend));
  }
  return { rings: rings.length, keys: rings.flatMap(sealedIn).length, rewrapped };
}

/** Rejects by its name for the first key that `backend` cannot sign with, as the store has it now. */
export async function checkRings({ store, folder, backend, record, ...rest }: RekeyOptions): Promise<void> {
  for (const id of (await store.versions('ring')).keys()) {
    const mayCreate = async () => false;
    const told = (change: RingChange) => record(id, change);
    await checkAll(
      await ReplicatedRing.load({ ...rest, store, folder, id, mayCreate, record: told }),
      backend,
    );
  }
}

const sealedIn = (ring: ReplicatedRing) => ring.current.keys.filter(({ sealed }) => sealed !== null);

async function checkAll(ring: ReplicatedRing, backend: KeyBackend): Promise<void> {
  for (const key of sealedIn(ring)) await backend.check(key);
}
