/** Opens the existing store and keys that a configuration names. */
import { existsSync } from 'node:fs';
import { SojournError } from '../../platform/errors/index.ts';
import { createLogger } from '../../platform/log/index.ts';
import { databaseFileOf, openStore, type Store } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config, SecretText } from '../../server/config/index.ts';
import { defaultKeyFile } from '../../server/key-rings/index.ts';
import { loadEncryptionKey, parseEncryptionKey } from '../../tokens/keys/index.ts';

/** Opens the store for `work` and always closes it. Never creates a store. */
export async function withStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  const file = databaseFileOf(config.store);
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

/** The key-encryption key, which is never created here; undefined if the key backend needs none. */
export const readConfiguredKey = async (config: Config): Promise<Uint8Array | undefined> =>
  encryptsKeys(config) ? readKey(config.keys.encryption_key ?? { file: defaultKeyFile(config) }) : undefined;

/** A secret that was read from its source, or the file of a key that this server creates. */
export type EncryptionKeySource = SecretText | { readonly file: string };

export const readKey = async (source: EncryptionKeySource): Promise<Uint8Array> =>
  'file' in source ? loadEncryptionKey(source.file) : parseEncryptionKey(source.value, source.source);
