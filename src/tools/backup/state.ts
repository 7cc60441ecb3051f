/** Opening the state that a configuration names, which must be there already. */
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

/** Where the server makes a key-encryption key when it is given none. */
export const defaultKeyFile = (file: string): string => join(dirname(file), 'encryption.key');

/** Opens the store for `work` and closes it whatever happens. Makes no store where there is none. */
export async function withStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  const file = databaseFile(config);
  if (file !== undefined && !existsSync(file)) {
    throw new SojournError('state_unusable', {
      detail: `There is no database ${file}.`,
      advice: 'Name the configuration of the server with --config, and run this in its working directory.',
    });
  }
  const store = await openStore(config.store, { logger: silentLogger, now: systemNow });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The command line tells what happened itself. */
export const silentLogger = createLogger({ level: 'silent' });

/** Whether the server seals its private keys itself. A key service keeps its own, and no key-encryption key opens them. */
export const encryptsKeys = ({ keys }: Config): boolean => keys.backend === 'file';

/** For who asks for the key-encryption key where there is none. */
export const noEncryptionKey = ({ keys }: Config, advice: string): SojournError =>
  new SojournError('config_invalid', {
    detail: `There is no key-encryption key: the private keys are held by ${keys.backend}.`,
    advice,
  });

/** Where the key-encryption key of this configuration is, in the form of the configuration; null where there is none. */
export const keySourceName = (config: Config): string | null =>
  encryptsKeys(config)
    ? (config.keys.encryption_key?.source ?? `file:${defaultKeyFile(databaseFile(config) ?? '')}`)
    : null;

/** The key-encryption key itself, never made here; undefined where there is none. */
export const readConfiguredKey = async (config: Config): Promise<Uint8Array | undefined> =>
  encryptsKeys(config)
    ? readKey(config.keys.encryption_key ?? { file: defaultKeyFile(databaseFile(config) ?? '') })
    : undefined;

/** A text that was read, or the file of a key of our own. */
export type EncryptionKeySource = SecretText | { readonly file: string };

export const readKey = async (place: EncryptionKeySource, mayMake = false): Promise<Uint8Array> =>
  'file' in place
    ? loadEncryptionKey(place.file, async () => mayMake)
    : parseEncryptionKey(place.value, place.source);
