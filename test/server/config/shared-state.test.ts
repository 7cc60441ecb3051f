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

describe('postgres://', () => {
  test.each([
    'user@db.example.com/sojourn',
    'user:hunter2@10.0.0.7/sojourn?sslmode=disable',
    'user@[2001:db8::1]:5432/sojourn',
    'user@127.0.0.1.evil.example/sojourn',
  ])('%s is refused, because the network would carry the state without encryption', async (rest) => {
    for (const scheme of ['postgres', 'postgresql']) {
      const refusal = parseConfig({ ...proxied, store: `${scheme}://${rest}`, keys }, env);
      await expect(refusal).rejects.toMatchObject({
        code: 'config_invalid',
        faults: [
          {
            path: 'store',
            message:
              'sends the state over the network without encryption: add ?sslmode=verify-full, or set allow.plain_postgres: true if the network encrypts it',
          },
        ],
      });
    }
  });

  test.each([
    'postgres://user:hunter2@127.0.0.1:5433/sojourn',
    'postgresql://user@localhost/sojourn',
    'postgres://user@[::1]/sojourn?sslmode=disable',
    'postgres://user@db.example.com/sojourn?sslmode=verify-full',
    'postgres://user:%40@db.example.com/sojourn?sslmode=verify-full&sslrootcert=/etc/roots.pem',
  ])('%s is accepted', async (store) => {
    expect((await parseConfig({ ...proxied, store, keys }, env)).store).toBe(store);
  });

  test('is accepted by name', async () => {
    const store = 'postgres://user@db.example.com/sojourn';
    const config = await parseConfig({ ...proxied, store, keys, allow: { plain_postgres: true } }, env);
    expect(config.store).toBe(store);
  });

  const parts =
    'must name a host, a user and a database, such as postgres://sojourn:PASSWORD@db.example.com/sojourn?sslmode=verify-full';
  const noUrl =
    'must be a URL such as postgres://sojourn:PASSWORD@db.example.com/sojourn?sslmode=verify-full';
  const modes =
    'must have sslmode=verify-full or sslmode=disable: the other modes do not check which server answers';
  const options = 'has another option than sslmode and sslrootcert, or one of them twice';
  test.each([
    ['postgres://', parts],
    ['postgres://127.0.0.1/sojourn', parts],
    ['postgres://user:hunter2@127.0.0.1', parts],
    ['postgres://user:hunter2@127.0.0.1/', parts],
    ['postgres://user:hunter2@127.0.0.1/a/b', parts],
    ['postgres://user:hunt/er2@127.0.0.1/sojourn', noUrl],
    ['postgres://user@a:1,b:2/sojourn', noUrl],
    ['postgres://user@a,b/sojourn', 'must name one host: the address under which the primary is reached'],
    ['postgres://user:%zz@127.0.0.1/sojourn', 'has a special character that is not percent-encoded'],
    ['postgres://user:%00@127.0.0.1/sojourn', 'has a special character that is not percent-encoded'],
    ['postgres://user@127.0.0.1/sojourn#hunter2', 'has a special character that is not percent-encoded'],
    ['postgres://user@127.0.0.1/sojourn?sslmode=require', modes],
    ['postgres://user@127.0.0.1/sojourn?sslmode=verify-ca', modes],
    ['postgres://user@127.0.0.1/sojourn?sslmode=prefer', modes],
    ['postgres://user@127.0.0.1/sojourn?host=/run', options],
    ['postgres://user@127.0.0.1/sojourn?options=-csynchronous_commit%3Doff', options],
    ['postgres://user@127.0.0.1/sojourn?sslmode=disable&sslmode=verify-full', options],
    ['postgres://user@127.0.0.1/sojourn?sslrootcert=a.pem', 'has sslrootcert without sslmode=verify-full'],
  ])('%s is refused without repeating it', async (store, message) => {
    const refusal = parseConfig({ ...proxied, store, keys }, env);
    await expect(refusal).rejects.toMatchObject({
      code: 'config_invalid',
      faults: [{ path: 'store', message }],
    });
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
