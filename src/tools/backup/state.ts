/** Opens the existing store and keys that a configuration names. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { createLogger } from '../../platform/log/index.ts';
import { openStore, type Store } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config, SecretText } from '../../server/config/index.ts';
import { loadEncryptionKey, parseEncryptionKey } from '../../tokens/keys/index.ts';

/** The file of the embedded store; undefined for a shared one. */
export const databaseFile = ({ store }: Pick<Config, 'store'>): string | undefined =>
  store.startsWith('sqlite:') ? store.slice('sqlite:'.length) : undefined;

/** The file in which the server creates a key-encryption key if none is configured. */
export const defaultKeyFile = (file: string): string => join(dirname(file), 'encryption.key');

/** Opens the store for `work` and always closes it. Never creates a store. */
export async function withStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  const file = databaseFile(config);
  if (file !== undefined && !existsSync(file)) {
    throw new SojournError('state_unusable', {
      detail: `The database ${file} does not exist.`,
      advice:
        "Give the server's configuration with --config, and run this command in the server's working directory.",
    });
  }
  const store = await openStore(config.store, {
    logger: silentLogger,
    now: systemNow,
    sharedDatabase: config.allow.shared_database,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The command line prints the outcome itself. */
export const silentLogger = createLogger({ level: 'silent' });

/** Whether the server encrypts its private keys itself. A key service never exports its keys, so it has no such key. */
export const encryptsKeys = ({ keys }: Config): boolean => keys.backend === 'file';

/** The error for a command that needs a key-encryption key if the key backend has none. */
export const noEncryptionKey = ({ keys }: Config, advice: string): SojournError =>
  new SojournError('config_invalid', {
    detail: `There is no key-encryption key: ${keys.backend} has the private keys.`,
    advice,
  });

/** Source of the key-encryption key as in the configuration (`file:PATH` or `env:NAME`); null if there is no such key. */
export const keySourceName = (config: Config): string | null =>
  encryptsKeys(config)
    ? (config.keys.encryption_key?.source ?? `file:${defaultKeyFile(databaseFile(config) ?? '')}`)
    : null;

/** The key-encryption key, which is never created here; undefined if the key backend needs none. */
export const readConfiguredKey = async (config: Config): Promise<Uint8Array | undefined> =>
  encryptsKeys(config)
    ? readKey(config.keys.encryption_key ?? { file: defaultKeyFile(databaseFile(config) ?? '') })
    : undefined;

/** A secret that was read from its source, or the file of a key that this server creates. */
export type EncryptionKeySource = SecretText | { readonly file: string };

export const readKey = async (source: EncryptionKeySource, mayCreate = false): Promise<Uint8Array> =>
  'file' in source
    ? loadEncryptionKey(source.file, async () => mayCreate)
    : parseEncryptionKey(source.value, source.source);
