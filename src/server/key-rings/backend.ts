/** Who keeps the private halves, as the configuration says. */
import { dirname, join } from 'node:path';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import {
  type KeyBackend,
  loadEncryptionKey,
  mainRing,
  openBackend,
  parseEncryptionKey,
  readRingFile,
} from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

/** The configured backend. Its key-encryption key, where it needs one, is made beside the embedded store at first start. */
export function openKeyBackend(
  { keys, store: storeUrl }: Config,
  store: Store,
  context: { logger: Logger; now: Now },
): Promise<KeyBackend> {
  const nothingSealed = async () => !(await readRingFile(keys.path)) && !(await store.get('ring', mainRing));
  const encryptionKey = async () =>
    keys.encryption_key === null
      ? loadEncryptionKey(join(dirname(storeUrl.replace(/^sqlite:/, '')), 'encryption.key'), nothingSealed)
      : parseEncryptionKey(keys.encryption_key.value, keys.encryption_key.source);
  const former = keys.previous_encryption_key;
  const previousEncryptionKey = former ? parseEncryptionKey(former.value, former.source) : undefined;
  return openBackend(keys.backend, keys, { ...context, encryptionKey, previousEncryptionKey });
}
