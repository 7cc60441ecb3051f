/**
 * Rewraps all private keys with a new key-encryption key, in the store and in the local ring files, also while servers run.
 */
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyBackend } from './backend.ts';
import { checkKeys, sortKeys } from './check-keys.ts';
import { ReplicatedRing, type RingChange } from './replicated.ts';
import { nextRewrap } from './rewrap.ts';
import type { Ring } from './ring.ts';
import { journalRing, mainRing } from './stored-ring.ts';

export interface RekeyOptions {
  readonly store: Store;
  /** The folder of the local ring files. */
  readonly folder: string;
  /** Decrypts with either key-encryption key, and encrypts with the new one. */
  readonly backend: KeyBackend;
  readonly logger: Logger;
  readonly now: Now;
  readonly record: (ring: string, change: RingChange) => Promise<void>;
}

export interface RekeyResult {
  readonly rings: number;
  /** The number of private keys. */
  readonly keys: number;
  /** How many of them this run rewrapped. */
  readonly rewrapped: number;
}

/**
 * Rewraps each key in its own compare-and-swap, so that after an interruption one of the two key-encryption keys still
 * decrypts each key. If none of them decrypts a key, it rejects with `key_material_unusable` before it writes anything.
 */
export async function rekey({ store, folder, backend, record, ...rest }: RekeyOptions): Promise<RekeyResult> {
  const ids = new Set([mainRing, journalRing, ...(await store.versions('ring')).keys()]);
  let rewrapped = 0;
  const rings: ReplicatedRing[] = [];
  for (const id of ids) {
    const recordRewrap = async (change: RingChange) => {
      rewrapped++;
      await record(id, change);
    };
    // The first server creates the journal key; it may not have started yet.
    const mayCreate = async () => id === journalRing;
    const options = { ...rest, store, folder, id, mayCreate, record: recordRewrap };
    const ring = await ReplicatedRing.load(options);
    await checkAll(ring, backend);
    rings.push(ring);
  }
  for (const ring of rings) {
    await ring.refresh();
    await ring.change((current) => nextRewrap(current, backend));
  }
  return {
    rings: rings.filter(({ current }) => current.revision > 0).length,
    keys: rings.flatMap(sealedIn).length,
    rewrapped,
  };
}

/** Rejects for the first key in the store that `backend` cannot sign with; the error names the key. */
export async function checkRings({ store, folder, backend, record, ...rest }: RekeyOptions): Promise<void> {
  for (const id of [journalRing, ...(await store.versions('ring')).keys()]) {
    const mayCreate = async () => id === journalRing;
    const recordChange = (change: RingChange) => record(id, change);
    await checkAll(
      await ReplicatedRing.load({ ...rest, store, folder, id, mayCreate, record: recordChange }),
      backend,
    );
  }
}

const sealedIn = (ring: ReplicatedRing) => ring.current.keys.filter(({ sealed }) => sealed !== null);

const checkAll = (ring: ReplicatedRing, backend: KeyBackend) => checkKeys(ring.current.keys, backend);

/** The kids in the store that each of two backends can sign with, to say how far an interrupted run came. */
export async function progressOf(store: Store, current: KeyBackend, previous: KeyBackend) {
  const rings = await Promise.all(
    [...(await store.versions('ring')).keys()].map((id) => store.get<Ring>('ring', id)),
  );
  const keys = rings.flatMap((ring) => ring?.value.keys ?? []);
  const kidsOf = async (backend: KeyBackend) => (await sortKeys(keys, backend)).usable;
  const [rewrapped, left] = [await kidsOf(current), await kidsOf(previous)];
  const unknown = keys
    .filter(({ sealed, kid }) => sealed !== null && !rewrapped.includes(kid) && !left.includes(kid))
    .map(({ kid }) => kid);
  return { rewrapped, left, unknown };
}
