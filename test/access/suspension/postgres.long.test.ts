import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../support/postgres.ts';
import { twoReplicas } from './replicas.ts';
import { suspension } from './suite.ts';

suspension('PostgreSQL', async (config) => {
  const postgres = await startPostgres();
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-suspension-'));
  const key = join(folder, 'key');
  await writeFile(key, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return twoReplicas(
    { ...config, store: postgres.url, keys: { encryption_key: `file:${key}` } },
    async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  );
});
