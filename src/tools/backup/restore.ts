/** Restoring a backup where nothing is yet. */
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { createLogger } from '../../platform/log/index.ts';
import { examineSqlite, openStore } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import {
  checkRingFiles,
  createPrivateFile,
  fileBackend,
  readPrivateFile,
  restoreRingFiles,
  ringFileIds,
} from '../../tokens/keys/index.ts';
import { isEmpty, parseDocuments, writeDocuments } from './documents.ts';
import { names, readManifest } from './manifest.ts';
import { databaseFile, defaultKeyFile, encryptsKeys, keySourceName, readKey } from './state.ts';

export interface RestoreResult {
  readonly issuer: string;
  /** When the backup was made. */
  readonly made_at: string;
  /** Null where a key service holds the private keys. */
  readonly encryption_key: string | null;
  /** False: it has to be put there before the start, if there is one. */
  readonly encryption_key_present: boolean;
}

/**
 * Puts state and keys where the configuration wants them. Overwrites nothing, and writes nothing at all before
 * everything is found fit: the backup whole and of this issuer, its places empty, its keys opening with the
 * key-encryption key where that is at hand. Rejects with `state_unusable` or `key_material_unusable`.
 */
export async function restore(config: Config, folder: string): Promise<RestoreResult> {
  const { issuer, made_at, state } = await readManifest(folder);
  const file = databaseFile(config);
  if (issuer !== config.issuer) {
    throw refused(
      `The backup is of ${issuer}, and the configuration of ${config.issuer}`,
      'Name the configuration that belongs to the backup.',
    );
  }
  if ((state === 'database') !== (file !== undefined)) {
    throw refused(
      `The backup is of ${state === 'database' ? 'an embedded' : 'a shared'} store, and \`store\` names the other kind`,
      'Name the configuration that belongs to the backup.',
    );
  }
  const rings = join(folder, names.keys);
  if ((await ringFileIds(config.keys.path)).length > 0) throw notEmpty(config.keys.path);
  const there = await checkKey(config, folder, rings);

  if (file === undefined)
    await restoreDocuments(config, join(folder, names.documents), () => restoreKey(config, folder));
  else await restoreDatabase(join(folder, names.database), file, () => restoreKey(config, folder));
  // Last: without its copies a start goes on with the rings in the store, and makes them.
  await restoreRingFiles(rings, config.keys.path);
  return { issuer, made_at, encryption_key: keySourceName(config), encryption_key_present: there };
}

/**
 * Whether the key-encryption key is in its place or will be; rejects when it does not open the keys of the backup. What a
 * key service holds is left to the start, which asks it.
 */
async function checkKey(config: Config, folder: string, rings: string): Promise<boolean> {
  if (!encryptsKeys(config)) {
    await checkRingFiles(rings);
    return false;
  }
  const included = join(folder, names.encryptionKey);
  const beside = defaultKeyFile(databaseFile(config) ?? '');
  const place =
    config.keys.encryption_key ?? [{ file: beside }, { file: included }].find(({ file }) => existsSync(file));
  await checkRingFiles(rings, place && fileBackend(await readKey(place)));
  return place !== undefined;
}

/** Only where the configuration leaves the key to the server: another place was chosen to be apart. */
async function restoreKey(config: Config, folder: string): Promise<void> {
  if (!encryptsKeys(config)) return;
  const text = await readPrivateFile(join(folder, names.encryptionKey));
  const file = databaseFile(config);
  if (text === undefined || config.keys.encryption_key !== null || file === undefined) return;
  await createPrivateFile(defaultKeyFile(file), text);
}

async function restoreDocuments(config: Config, source: string, before: () => Promise<void>): Promise<void> {
  const documents = parseDocuments((await readPrivateFile(source)) ?? '-', source);
  const store = await openStore(config.store, { logger: createLogger({ level: 'silent' }), now: systemNow });
  try {
    if (!(await isEmpty(store))) throw notEmpty('The store');
    await before();
    await writeDocuments(store, documents);
  } finally {
    await store.close();
  }
}

async function restoreDatabase(source: string, file: string, before: () => Promise<void>): Promise<void> {
  for (const one of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(one)) throw notEmpty(one);
  if (!existsSync(source))
    throw refused(`${source} is missing`, 'Name the folder that `sojourn backup` wrote.');
  examineSqlite(source);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await before();
  const temporary = `${file}.restoring`;
  try {
    await copyFile(source, temporary);
    const handle = await open(temporary, 'r+');
    await handle.chmod(0o600);
    await handle.sync();
    await handle.close();
    // Not a rename: that would take the place of a file which came meanwhile.
    await link(temporary, file).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? notEmpty(file) : cause;
    });
    const folder = await open(dirname(file), 'r');
    await folder.sync();
    await folder.close();
  } finally {
    await rm(temporary, { force: true });
  }
}

const notEmpty = (place: string) =>
  refused(
    `${place} is not empty, and a restore overwrites nothing`,
    'Name a configuration whose places are empty, or move away what is there.',
  );

const refused = (detail: string, advice: string) =>
  new SojournError('state_unusable', { detail: `${detail}.`, advice });
