/** Rewraps the private keys with a new key-encryption key. */
import { existsSync } from 'node:fs';
import { createAudit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { databaseFileOf, type Store } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { defaultKeyFile, recordKeys } from '../../server/key-rings/index.ts';
import { renewMark } from '../../server/rollback/index.ts';
import {
  checkRings,
  createEncryptionKey,
  fileBackend,
  progressOf,
  type RekeyResult,
  rekey,
} from '../../tokens/keys/index.ts';
import {
  type EncryptionKeySource,
  encryptsKeys,
  noEncryptionKey,
  readKey,
  silentLogger,
  withStore,
} from './state.ts';

/**
 * Decrypts every private key with `from`, or with `to` if an earlier run rewrapped it, and encrypts it with `to`. Then checks
 * that `to` alone decrypts all of them. Creates the file of `to` if it is missing.
 * @throws {SojournError} `key_material_unusable`
 */
export async function rekeyAll(
  config: Config,
  { from, to }: { from: EncryptionKeySource | undefined; to: EncryptionKeySource },
): Promise<RekeyResult> {
  if (!encryptsKeys(config)) throw noEncryptionKey(config, 'To replace them, run `sojourn keys rotate`.');
  const source =
    from ?? (databaseFileOf(config.store) === undefined ? undefined : { file: defaultKeyFile(config) });
  if (!source) {
    throw new SojournError('config_invalid', {
      detail: 'The current key-encryption key is not configured.',
      advice: 'Give it with --from, or set keys.encryption_key in the configuration.',
    });
  }
  const previous = await readKey(source);
  return withStore(config, async (store) => {
    const audit = createAudit({
      store,
      logger: silentLogger,
      now: systemNow,
      onFailure: config.audit.on_failure === 'continue' ? 'continue' : 'refuse',
    });
    const location = { store, folder: config.keys.path, logger: silentLogger, now: systemNow };
    const options = { ...location, record: recordKeys(audit) };
    // Check the previous key before creating a new one: a wrong key must change nothing.
    if (!exists(to)) await checkRings({ ...options, backend: fileBackend(previous) });
    if ('file' in to) await createEncryptionKey(to.file);
    const current = await readKey(to);
    try {
      const result = await rekey({ ...options, backend: fileBackend(current, previous) });
      await checkRings({ ...options, backend: fileBackend(current) });
      await renewMark(config.keys.path, fileBackend(current, previous));
      return result;
    } catch (error) {
      throw await interrupted(error, store, current, previous);
    }
  });
}

/** With which key-encryption key each private key is encrypted now: neither may be lost before all have the new one. */
async function interrupted(error: unknown, store: Store, current: Uint8Array, previous: Uint8Array) {
  const { code, message } = error instanceof SojournError ? error : new SojournError('internal');
  const progress = await progressOf(store, fileBackend(current), fileBackend(previous)).catch(
    () => undefined,
  );
  // Nothing depends on the new key.
  if (progress?.rewrapped.length === 0) return error;
  const state = progress
    ? Object.entries({
        'the new key': progress.rewrapped,
        'the previous one': progress.left,
        neither: progress.unknown,
      })
        .filter(([, kids]) => kids.length > 0)
        .map(([key, kids]) => `Encrypted with ${key}: ${kids.join(', ')}.`)
        .join(' ')
    : 'Some private keys may be encrypted with the new key, others with the previous one.';
  return new SojournError(code, {
    detail: `${message} ${state}`,
    advice:
      'Keep both key-encryption keys. Remove the cause and run the same command again. Until then a server starts with keys.encryption_key set to the new key and keys.previous_encryption_key to the previous one.',
    cause: error,
  });
}

const exists = (source: EncryptionKeySource): boolean => !('file' in source) || existsSync(source.file);
