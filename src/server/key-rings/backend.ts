/** Opens the configured key backend. */
import { dirname, join } from 'node:path';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import {
  journalRing,
  type KeyBackend,
  loadEncryptionKey,
  mainRing,
  openBackend,
  parseEncryptionKey,
  readRingFile,
  readStoredRing,
} from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

/**
 * Opens the backend. If it needs a key-encryption key and none is configured, creates one next to the embedded store at
 * first start.
 */
export function openKeyBackend(
  { keys, store: storeUrl }: Config,
  store: Store,
  context: { logger: Logger; now: Now },
): Promise<KeyBackend> {
  const nothingEncrypted = async () => {
    for (const ring of [mainRing, journalRing])
      if ((await readRingFile(keys.path, ring)) || (await readStoredRing(store, ring))) return false;
    return true;
  };
  const encryptionKey = async () =>
    keys.encryption_key === null
      ? loadEncryptionKey(join(dirname(storeUrl.replace(/^sqlite:/, '')), 'encryption.key'), nothingEncrypted)
      : parseEncryptionKey(keys.encryption_key.value, keys.encryption_key.source);
  const previous = keys.previous_encryption_key;
  const previousEncryptionKey = previous ? parseEncryptionKey(previous.value, previous.source) : undefined;
  return openBackend(keys.backend, keys, { ...context, encryptionKey, previousEncryptionKey });
}
