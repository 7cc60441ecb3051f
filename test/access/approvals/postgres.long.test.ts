import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { startPostgres } from '../../support/postgres.ts';
import { testServer } from '../../support/server.ts';
import { approvals } from './suite.ts';

approvals('PostgreSQL, with two replicas', async (config, now) => {
  const postgres = await startPostgres();
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-approvals-'));
  const key = join(folder, 'key');
  await writeFile(key, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const replica = async () =>
    testServer({
      port: await freePort(),
      now,
      config: {
        ...config,
        store: postgres.url,
        issuer: 'https://id.example.com',
        keys: { stale_after: '9d', encryption_key: `file:${key}`, check_propagation: false },
      },
    });
  const [one, other] = [await replica(), await replica()];
  return {
    one,
    other,
    async close() {
      await other.close();
      await one.close();
      await postgres.stop();
      await rm(folder, {
        recursive: true,
        force: true,
      });
    },
  };
});
