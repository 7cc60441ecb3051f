/** From one key-encryption key to another. */
import { existsSync } from 'node:fs';
import { createAudit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import {
  checkRings,
  fileBackend,
  mainRing,
  type RekeyResult,
  type RingChange,
  rekey,
} from '../../tokens/keys/index.ts';
import {
  databaseFile,
  defaultKeyFile,
  type EncryptionKeySource,
  encryptsKeys,
  noEncryptionKey,
  readKey,
  silentLogger,
  withStore,
} from './state.ts';

/**
 * Seals every key with `to`, opening them with `from` or, where that is done already, with `to`; then opens all of them
 * with `to` alone. A file that `to` names and that is not there is made. Rejects with `key_material_unusable`.
 */
export async function rekeyAll(
  config: Config,
  { from, to }: { from: EncryptionKeySource | undefined; to: EncryptionKeySource },
): Promise<RekeyResult> {
  if (!encryptsKeys(config)) throw noEncryptionKey(config, 'Keys in a service rotate: sojourn keys rotate.');
  const beside = databaseFile(config);
  const before = from ?? (beside === undefined ? undefined : { file: defaultKeyFile(beside) });
  if (!before) {
    throw new SojournError('config_invalid', {
      detail: 'Nothing says which key-encryption key the keys are sealed with.',
      advice: 'Name it with --from, or in the configuration as keys.encryption_key.',
    });
  }
  const former = await readKey(before);
  return withStore(config, async (store) => {
    const audit = createAudit({
      store,
      logger: silentLogger,
      now: systemNow,
      onFailure: config.audit.on_failure,
    });
    const record = (ring: string, { event, kid, alg }: RingChange) =>
      audit.record({
        event,
        outcome: 'ok',
        actor: 'system',
        kid,
        ...(ring === mainRing ? {} : { tenant: ring }),
        facts: { alg },
      });
    const act = { store, folder: config.keys.path, logger: silentLogger, now: systemNow, record };
    // Before a new key is made: with the wrong one in hand, nothing happens at all.
    if (!isThere(to)) await checkRings({ ...act, backend: fileBackend(former) });
    const current = await readKey(to, true);
    const done = await rekey({ ...act, backend: fileBackend(current, former) });
    await checkRings({ ...act, backend: fileBackend(current) });
    return done;
  });
}

const isThere = (place: EncryptionKeySource): boolean => !('file' in place) || existsSync(place.file);
