/** The public key of the audit log's checkpoints, read without writing anything. */
import type { Store } from '../../platform/store/index.ts';
import { keyIn, type PublicJwk } from './ring.ts';
import { readRingFile } from './ring-file.ts';
import { journalRing, readStoredRing } from './stored-ring.ts';

/**
 * The local file counts before the store: a store that was swapped has another key. Undefined if there is no key yet.
 * @throws {SojournError} `key_material_unusable` if the ring is damaged
 */
export async function readJournalJwk(store: Store, folder: string): Promise<PublicJwk | undefined> {
  const ring = (await readRingFile(folder, journalRing)) ?? (await readStoredRing(store, journalRing))?.ring;
  return ring && keyIn(ring, 'ES256', 'active')?.jwk;
}
