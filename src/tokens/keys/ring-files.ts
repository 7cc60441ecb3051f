/** The local ring files of all rings, for backup and restore. */
import { readdir } from 'node:fs/promises';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyBackend } from './backend.ts';
import { ReplicatedRing } from './replicated.ts';
import { readRingFile, writeRingFile } from './ring-file.ts';
import { journalRing, mainRing } from './stored-ring.ts';

/**
 * Writes every ring to the folder `to`: the newer of the one in the store and the one in `folder`, checked as at a start.
 * Changes nothing else. Rejects with `key_material_unusable` or `state_unusable`.
 */
export async function backupRings(
  options: { readonly store: Store; readonly folder: string; readonly logger: Logger; readonly now: Now },
  to: string,
): Promise<void> {
  const ids = new Set([mainRing, journalRing, ...(await options.store.versions('ring')).keys()]);
  for (const id of ids) {
    const aside = { mayCreate: async () => true, record: async () => undefined };
    const { current: ring } = await ReplicatedRing.load({ ...options, ...aside, id });
    if (ring.revision > 0) await writeRingFile(to, id, ring);
  }
}

/** The ids of the rings that have a file in the folder. */
export async function ringFileIds(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => (name === 'ring.json' ? mainRing : name.replace(/\.json$/, '')));
}

/**
 * Rejects with `key_material_unusable` for a damaged file, and for the first key that `backend`, if passed, cannot sign
 * with.
 */
export async function checkRingFiles(folder: string, backend?: KeyBackend): Promise<void> {
  for (const id of await ringFileIds(folder)) {
    for (const key of (await readRingFile(folder, id))?.keys ?? []) {
      if (key.sealed !== null) await backend?.check(key);
    }
  }
}

/** Copies the ring files from one folder to another; checks each before it is written. */
export async function restoreRingFiles(from: string, to: string): Promise<void> {
  for (const id of await ringFileIds(from)) {
    const ring = await readRingFile(from, id);
    if (ring) await writeRingFile(to, id, ring);
  }
}
