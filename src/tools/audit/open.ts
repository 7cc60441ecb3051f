/** Opens the audit log of a configured store or of a backup, to read it only, with the key of its checkpoints. */
import { join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { type JournalView, type Store, viewJournal } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { journalRing, type PublicJwk, readRingFile, readStoredRing } from '../../tokens/keys/index.ts';
import { backupNames, readManifest, silentLogger } from '../backup/index.ts';

export interface OpenLog {
  readonly view: JournalView;
  /** The journal key; undefined if no server has created it yet. */
  readJournalKey(): Promise<PublicJwk | undefined>;
  /** The time of the state, in milliseconds since the epoch. */
  readonly stateAt: number;
}

export const openConfiguredLog = (config: Config): Promise<OpenLog> =>
  open(config.store, config.keys.path, systemNow());

/** @throws {SojournError} `state_unusable` if the backup is of a shared store, which has no audit log. */
export async function openBackupLog(folder: string): Promise<OpenLog> {
  const { state, created_at } = await readManifest(folder);
  if (state === 'documents')
    throw new SojournError('state_unusable', {
      detail: `The backup ${folder} is of a shared store, and contains no audit log.`,
      advice: 'Verify the store itself with --config. `sojourn audit archive` writes its lines to a file.',
    });
  const keys = join(folder, backupNames.keys);
  return open(`sqlite:${join(folder, backupNames.database)}`, keys, Date.parse(created_at));
}

async function open(url: string, keys: string, stateAt: number): Promise<OpenLog> {
  const view = await viewJournal(url, { logger: silentLogger, now: systemNow });
  return { view, stateAt, readJournalKey: () => readJournalKey(view, keys) };
}

/** Rather from the local file, so that a key that was replaced in the store is noticed. */
async function readJournalKey(store: Pick<Store, 'get'>, keys: string): Promise<PublicJwk | undefined> {
  const ring = (await readRingFile(keys, journalRing)) ?? (await readStoredRing(store, journalRing))?.ring;
  return ring?.keys.find(({ state }) => state === 'active')?.jwk;
}
