/** Taking a backup, while servers run. */
import { join } from 'node:path';
import { copySqlite } from '../../platform/store/index.ts';
import { systemNow, toTimestamp } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
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
import {
  databaseFile,
  keySourceName,
  noEncryptionKey,
  readConfiguredKey,
  silentLogger,
  withStore,
} from './state.ts';

export interface BackupResult {
  readonly folder: string;
  /** `file:PATH` or `env:NAME`: without it, no key of the backup opens. Null where a key service holds the private keys. */
  readonly encryption_key: string | null;
  readonly encryption_key_included: boolean;
}

/**
 * Writes a new folder with the state, the key rings and, only when asked for, the key-encryption key. Every private key
 * that this server seals is opened once, so that a backup that is taken is one that can be used; one that cannot be taken
 * leaves nothing behind.
 */
export function backUp(
  config: Config,
  { folder, withKey }: { folder: string; withKey: boolean },
): Promise<BackupResult> {
  const file = databaseFile(config);
  return withStore(config, async (store) => {
    const key = await readConfiguredKey(config);
    if (withKey && !key) throw noEncryptionKey(config, 'Leave out --with-encryption-key.');
    await fillNewFolder(folder, async (to) => {
      // The rings after the state: they may be newer then, and the newer of the two is what a start goes on with.
      if (file === undefined) await writePrivateFile(join(to, names.documents), await readDocuments(store));
      else await copySqlite(file, join(to, names.database));
      const rings = join(to, names.keys);
      await backupRings({ store, folder: config.keys.path, logger: silentLogger, now: systemNow }, rings);
      await checkRingFiles(rings, key && fileBackend(key));
      if (withKey && key) {
        await createPrivateFile(join(to, names.encryptionKey), `${Buffer.from(key).toString('base64url')}\n`);
      }
      await writeManifest(to, {
        made_at: toTimestamp(systemNow()),
        issuer: config.issuer,
        state: file === undefined ? 'documents' : 'database',
      });
    });
    return { folder, encryption_key: keySourceName(config), encryption_key_included: withKey };
  });
}
