/** Restores a backup into an empty store and an empty key folder. */
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { createLogger } from '../../platform/log/index.ts';
import { databaseFileOf, examineSqlite, openStore } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { defaultKeyFile, encryptionKeySource } from '../../server/key-rings/index.ts';
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
import { encryptsKeys, readKey } from './state.ts';

export interface RestoreResult {
  readonly issuer: string;
  /** Time of the backup. */
  readonly created_at: string;
  /** `file:PATH` or `env:NAME`; null if a key service has the private keys. */
  readonly encryption_key: string | null;
  /** If false and `encryption_key` is not null, put the key there before you start the server. */
  readonly encryption_key_present: boolean;
}

/**
 * Writes state and keys to the locations in the configuration and overwrites nothing. Before the first write it checks that
 * the backup is complete and of this issuer, that the locations are empty, and that the key-encryption key, if present,
 * decrypts the keys.
 * @throws {SojournError} `state_unusable` or `key_material_unusable`
 */
export async function restore(config: Config, folder: string): Promise<RestoreResult> {
  const { issuer, created_at, state } = await readManifest(folder);
  const file = databaseFileOf(config.store);
  if (issuer !== config.issuer) {
    throw refused(
      `The backup belongs to the issuer ${issuer}, but the configuration names ${config.issuer}`,
      'Use the configuration that belongs to the backup.',
    );
  }
  if ((state === 'database') !== (file !== undefined)) {
    throw refused(
      `The backup is of ${state === 'database' ? 'an embedded' : 'a shared'} store, but \`store\` in the configuration is ${state === 'database' ? 'a shared' : 'an embedded'} one`,
      'Use the configuration that belongs to the backup.',
    );
  }
  const rings = join(folder, names.keys);
  if ((await ringFileIds(config.keys.path)).length > 0) throw notEmpty(config.keys.path);
  const keyPresent = await checkKey(config, folder, rings);

  if (file === undefined)
    await restoreDocuments(config, join(folder, names.documents), () => restoreKey(config, folder));
  else await restoreDatabase(join(folder, names.database), file, () => restoreKey(config, folder));
  // Last, because a server without these files still starts from the rings in the store and writes them again.
  await restoreRingFiles(rings, config.keys.path);
  return {
    issuer,
    created_at,
    encryption_key: encryptionKeySource(config),
    encryption_key_present: keyPresent,
  };
}

/**
 * Returns whether the key-encryption key exists or the restore will write it. Rejects if it does not decrypt the keys of the
 * backup. Keys in a key service are checked when the server starts.
 */
async function checkKey(config: Config, folder: string, rings: string): Promise<boolean> {
  if (!encryptsKeys(config)) {
    await checkRingFiles(rings);
    return false;
  }
  const included = join(folder, names.encryptionKey);
  const standard = defaultKeyFile(config);
  const source =
    config.keys.encryption_key ??
    [{ file: standard }, { file: included }].find(({ file }) => existsSync(file));
  await checkRingFiles(rings, source && fileBackend(await readKey(source)));
  return source !== undefined;
}

/** Writes the key only to its default location. A configured location was chosen to keep the key away from the data. */
async function restoreKey(config: Config, folder: string): Promise<void> {
  if (!encryptsKeys(config)) return;
  const text = await readPrivateFile(join(folder, names.encryptionKey));
  const file = databaseFileOf(config.store);
  if (text === undefined || config.keys.encryption_key !== null || file === undefined) return;
  await createPrivateFile(defaultKeyFile(config), text);
}

async function restoreDocuments(
  config: Config,
  source: string,
  beforeWrite: () => Promise<void>,
): Promise<void> {
  const documents = parseDocuments((await readPrivateFile(source)) ?? '-', source);
  const store = await openStore(config.store, {
    logger: createLogger({ level: 'silent' }),
    now: systemNow,
    sharedDatabase: config.allow.shared_database,
  });
  try {
    if (!(await isEmpty(store))) throw notEmpty('The store');
    await beforeWrite();
    await writeDocuments(store, documents);
  } finally {
    await store.close();
  }
}

async function restoreDatabase(
  source: string,
  file: string,
  beforeWrite: () => Promise<void>,
): Promise<void> {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) throw notEmpty(path);
  if (!existsSync(source))
    throw refused(`${source} is missing`, 'Give the folder that `sojourn backup` wrote.');
  examineSqlite(source);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await beforeWrite();
  const temporary = `${file}.restoring`;
  try {
    await copyFile(source, temporary);
    const handle = await open(temporary, 'r+');
    await handle.chmod(0o600);
    await handle.sync();
    await handle.close();
    // link, not rename: a rename would replace a file that another process created since the check.
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

const notEmpty = (location: string) =>
  refused(
    `${location} is not empty, and a restore overwrites nothing`,
    'Use a configuration with empty locations, or move the existing data away.',
  );

const refused = (detail: string, advice: string) =>
  new SojournError('state_unusable', { detail: `${detail}.`, advice });
