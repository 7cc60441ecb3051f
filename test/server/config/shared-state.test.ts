/** State that others can read or change: refused at start, each with an override by name. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/server/config/index.ts';
import { testServer } from '../../support/server.ts';

const proxied = { issuer: 'https://id.example.com', trust_proxy: ['10.0.0.0/8'] };
const env = { KEY: 'x'.repeat(43) };
const keys = { encryption_key: 'env:KEY' };

describe('redis://', () => {
  test.each([
    'redis.example.com:6379',
    '10.0.0.7',
    'user:hunter2@redis/1',
    '[2001:db8::1]:6379',
    '127.0.0.1.evil.example',
  ])('%s is refused, because the network would carry the state without encryption', async (rest) => {
    const refusal = parseConfig({ ...proxied, store: `redis://${rest}`, keys }, env);
    await expect(refusal).rejects.toMatchObject({
      code: 'config_invalid',
      faults: [
        {
          path: 'store',
          message:
            'sends the state over the network without encryption: use rediss://, or set allow.plain_redis: true if the network encrypts it',
        },
      ],
    });
  });

  test.each(['redis://127.0.0.1:6379', 'redis://localhost', 'redis://[::1]/1', 'rediss://redis.example.com'])(
    '%s is accepted',
    async (store) => {
      expect((await parseConfig({ ...proxied, store, keys }, env)).store).toBe(store);
    },
  );

  test('is accepted by name', async () => {
    const store = 'redis://redis.example.com:6379';
    const config = await parseConfig({ ...proxied, store, keys, allow: { plain_redis: true } }, env);
    expect(config.store).toBe(store);
  });
});

describe('a server', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sojourn-shared-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test.each([0o777, 0o770, 0o702])(
    'does not start with a key folder of mode %o, unless it is allowed',
    async (mode) => {
      const keyFolder = join(folder, 'keys');
      await mkdir(keyFolder);
      await chmod(keyFolder, mode);
      await expect(testServer({ folder })).rejects.toMatchObject({
        code: 'key_material_unusable',
        message: `keys.path: ${keyFolder} has mode 0${mode.toString(8)}: users other than its owner can replace the key rings.`,
        advice: `Run: chmod 700 ${keyFolder}, or set allow.shared_key_folder: true in the configuration to accept this.`,
      });
      await (await testServer({ folder, config: { allow: { shared_key_folder: true } } })).stop();
      await chmod(keyFolder, 0o755);
      await (await testServer({ folder })).stop();
    },
  );

  test('does not start with a database that others can read, unless it is allowed', async () => {
    await (await testServer({ folder })).stop();
    const database = join(folder, 'sojourn.db');
    await chmod(database, 0o644);
    await expect(testServer({ folder })).rejects.toMatchObject({
      code: 'state_unusable',
      message: `${database} has mode 0644: users other than its owner have access to the database.`,
    });
    await (await testServer({ folder, config: { allow: { shared_database: true } } })).stop();
  });
});
