/** Taking a backup, while servers run. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { SojournError } from '../errors/index.ts';
import { checkCopies, copyRings, createOwnFile, fileHolder, writeOwnFile } from '../keys/index.ts';
import { copySqlite } from '../store/index.ts';
import { systemNow, toTimestamp } from '../time/index.ts';
import { readDocuments } from './documents.ts';
import { names, writeManifest } from './manifest.ts';
import { fileOf, keyOf, keyPlace, quiet, withStore } from './state.ts';

export interface BackedUp {
  readonly folder: string;
  /** `file:PATH` or `env:NAME`: without it, no key of the backup opens. */
  readonly encryption_key: string;
  readonly encryption_key_included: boolean;
}

/**
 * Writes a new folder with the state, the key rings and, only when asked for, the key-encryption key. Every private key
 * is opened once, so that a backup that is taken is one that can be used, wherever its key-encryption key is at hand.
 */
export async function backUp(
  config: Config,
  { folder, withKey }: { folder: string; withKey: boolean },
): Promise<BackedUp> {
  const file = fileOf(config);
  await withStore(config, async (store) => {
    await makeNew(folder);
    // The rings after the state: they may be newer then, and the newer of the two is what a start goes on with.
    if (file === undefined) await writeOwnFile(join(folder, names.documents), await readDocuments(store));
    else await copySqlite(file, join(folder, names.database));
    const options = { store, folder: config.keys.path, logger: quiet, now: systemNow };
    await copyRings(options, join(folder, names.keys));
  });
  const key = await keyOf(config);
  await checkCopies(join(folder, names.keys), fileHolder(key));
  if (withKey) {
    const text = `${Buffer.from(key).toString('base64url')}\n`;
    await createOwnFile(join(folder, names.encryptionKey), text);
  }
  await writeManifest(folder, {
    made_at: toTimestamp(systemNow()),
    issuer: config.issuer,
    state: file === undefined ? 'documents' : 'database',
  });
  return { folder, encryption_key: keyPlace(config), encryption_key_included: withKey };
}

async function makeNew(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length === 0) return;
  throw new SojournError('state_unusable', {
    detail: `${folder} is not empty; nothing was written.`,
    advice: 'Name a folder that is not there yet.',
  });
}
