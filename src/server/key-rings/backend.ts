/** Opens the configured key backend. */
import { dirname, join } from 'node:path';
import type { Logger } from '../../platform/log/index.ts';
import { databaseFileOf } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import {
  type KeyBackend,
  loadEncryptionKey,
  openBackend,
  parseEncryptionKey,
} from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

/** The file of the key-encryption key if the configuration names none: next to the embedded store. */
export const defaultKeyFile = ({ store }: Pick<Config, 'store'>): string =>
  join(dirname(databaseFileOf(store) ?? ''), 'encryption.key');

/** Where the key-encryption key is: `file:PATH` or `env:NAME`; null if a key service has the private keys. */
export const encryptionKeySource = (config: Pick<Config, 'store' | 'keys'>): string | null =>
  config.keys.backend === 'file'
    ? (config.keys.encryption_key?.source ?? `file:${defaultKeyFile(config)}`)
    : null;

/** Opens the backend. Creates nothing. */
export function openKeyBackend(
  config: Config,
  context: { readonly logger: Logger; readonly now: Now },
): Promise<KeyBackend> {
  const { keys } = config;
  const encryptionKey = async () =>
    keys.encryption_key === null
      ? loadEncryptionKey(defaultKeyFile(config))
      : parseEncryptionKey(keys.encryption_key.value, keys.encryption_key.source);
  const previous = keys.previous_encryption_key;
  const previousEncryptionKey = previous ? parseEncryptionKey(previous.value, previous.source) : undefined;
  const source = encryptionKeySource(config) ?? undefined;
  return openBackend(keys.backend, keys, {
    ...context,
    encryptionKey,
    encryptionKeySource: source,
    previousEncryptionKey,
  });
}
