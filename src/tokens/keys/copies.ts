/** The copies of all rings, as a backup takes and gives them. */
import { readdir } from 'node:fs/promises';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyBackend } from './backend.ts';
import { readCopy, writeCopy } from './copy.ts';
import { ReplicatedRing } from './replicated.ts';
import { mainRing } from './shared.ts';

/**
 * Writes every ring into the folder `to`: the newest of store and `folder`, checked as at a start. Changes nothing else.
 * Rejects with `key_material_unusable` or `state_unusable`.
 */
export async function copyRings(
  options: { readonly store: Store; readonly folder: string; readonly logger: Logger; readonly now: Now },
  to: string,
): Promise<void> {
  const ids = new Set([mainRing, ...(await options.store.versions('ring')).keys()]);
  for (const id of ids) {
    const aside = { mayMake: async () => true, record: async () => undefined };
    const { now: ring } = await ReplicatedRing.find({ ...options, ...aside, id });
    if (ring.revision > 0) await writeCopy(to, id, ring);
  }
}

/** The ids of the rings of which there is a copy in the folder. */
export async function copiesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => (name === 'ring.json' ? mainRing : name.replace(/\.json$/, '')));
}

/** Rejects with `key_material_unusable` for a damaged copy, and for the first key that `backend`, if given, cannot sign with. */
export async function checkCopies(folder: string, backend?: KeyBackend): Promise<void> {
  for (const id of await copiesIn(folder)) {
    for (const key of (await readCopy(folder, id))?.keys ?? []) {
      if (key.sealed !== null) await backend?.check(key);
    }
  }
}

/** Each copy is read and checked before it is written. */
export async function placeCopies(from: string, to: string): Promise<void> {
  for (const id of await copiesIn(from)) {
    const ring = await readCopy(from, id);
    if (ring) await writeCopy(to, id, ring);
  }
}
