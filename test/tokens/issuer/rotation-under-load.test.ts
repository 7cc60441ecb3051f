import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

let redis: RedisServer;
let server: TestServer;
let folder: string;
let ahead = 0;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'sojourn-rotation-'));
  const file = join(folder, 'encryption.key');
  await writeFile(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const keys = { algorithms: ['ES256'], encryption_key: `file:${file}` };
  server = await testServer({ config: { store: redis.url, keys }, now: () => Date.now() + ahead });
}, 60_000);
afterAll(async () => {
  await server.close();
  await redis.stop();
  await rm(folder, { recursive: true });
}, 60_000);

// With Redis, because a request then waits for the store several times.
test('all requests in progress during a key rotation get their token', async () => {
  const { client, connection } = await oneConnection(server);
  for (let rotation = 0; rotation < 20; rotation++) {
    // In this configuration, a key signs one second after it is published.
    ahead += 1_100;
    const requests = Array.from({ length: 60 }, () =>
      askToken(server.issuer, withSecret(client, connection)),
    );
    await server.admin.post('/keys/rotate', { override: true });
    const answers = await Promise.all(requests);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  }
}, 120_000);
