/** Writes a backup while servers run. */
import { join } from 'node:path';
import { copySqlite, databaseFileOf } from '../../platform/store/index.ts';
import { systemNow, toTimestamp } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { encryptionKeySource } from '../../server/key-rings/index.ts';
import {
  backupRings,
  checkRingFiles,
  createPrivateFile,
  fileBackend,
  writePrivateFile,
} from '../../tokens/keys/index.ts';
import { readDocuments } from './documents.ts';
import { names, writeManifest } from './manifest.ts';
import { fillNewFolder } from './new-folder.ts';
import { noEncryptionKey, readConfiguredKey, silentLogger, withStore } from './state.ts';

export interface BackupResult {
  readonly folder: string;
  /** `file:PATH` or `env:NAME`; needed to decrypt the keys of the backup. Null if a key service has the private keys. */
  readonly encryption_key: string | null;
  readonly encryption_key_included: boolean;
}

/**
 * Writes the state, the key rings and, if `withKey` is set, the key-encryption key to a new folder. Decrypts every private
 * key once, so a finished backup is known to be usable. Removes everything it wrote if it fails.
 */
export function backUp(
  config: Config,
  { folder, withKey }: { folder: string; withKey: boolean },
): Promise<BackupResult> {
  const file = databaseFileOf(config.store);
  return withStore(config, async (store) => {
    const key = await readConfiguredKey(config);
    if (withKey && !key) throw noEncryptionKey(config, 'Leave out --with-encryption-key.');
    await fillNewFolder(folder, async (target) => {
      // The rings come last because they may be newer than the state: a server starts with the newer of the two.
      if (file === undefined)
        await writePrivateFile(join(target, names.documents), await readDocuments(store));
      else await copySqlite(file, join(target, names.database));
      const rings = join(target, names.keys);
      await backupRings({ store, folder: config.keys.path, logger: silentLogger, now: systemNow }, rings);
      await checkRingFiles(rings, key && fileBackend(key));
      if (withKey && key) {
        await createPrivateFile(
          join(target, names.encryptionKey),
          `${Buffer.from(key).toString('base64url')}\n`,
        );
      }
      await writeManifest(target, {
        created_at: toTimestamp(systemNow()),
        issuer: config.issuer,
        state: file === undefined ? 'documents' : 'database',
      });
    });
    return { folder, encryption_key: encryptionKeySource(config), encryption_key_included: withKey };
  });
}
