/** A backup of a running server, restored elsewhere, is the same issuer: no customer has to change anything in a cloud. */
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, type ServerProcess, writeConfig } from './process.ts';
import { newFolder, redisStore, server, steadyPort } from './stage.ts';

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly config: { readonly keys: Record<string, unknown>; readonly store?: string };
  readonly env: Record<string, string>;
}

const long = { publish_lead: '1h' };

const embedded = async (port: number): Promise<Place> => {
  const folder = await newFolder();
  const config = { keys: long };
  return { folder, config, env: {}, file: await writeConfig({ folder, port, config }) };
};

const kek = Buffer.alloc(32, 5).toString('base64url');
const onRedis = async (port: number): Promise<Place> => {
  const folder = await newFolder();
  const { config: made } = await redisStore();
  const config = { ...made, keys: { ...made.keys, ...long } };
  return { folder, config, env: { KEY_OF_KEYS: kek }, file: await writeConfig({ folder, port, config }) };
};

const run = (place: Place, ...args: string[]) =>
  sojourn([...args, '--config', place.file], environment(place.env));

/** Adds tenants until the returned function is called, which resolves to the number of acknowledged ones. */
function writing({ admin }: ServerProcess) {
  let on = true;
  const done = (async () => {
    let count = 0;
    while (on) {
      await admin.post('/tenants', { name: `Tenant ${count}` });
      count++;
    }
    return count;
  })();
  return () => {
    on = false;
    return done;
  };
}

async function allKids({ issuer }: ServerProcess): Promise<string[]> {
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

describe.each([
  ['the embedded store', embedded],
  ['a shared store', onRedis],
])('a backup of %s', (_, placed) => {
  test('written during changes restores the same issuer, kids, subjects and sign-ins elsewhere', async () => {
    const port = await steadyPort();
    const [old, fresh] = [await placed(port), await placed(port)];
    const first = await server({ ...old, port });
    const { client, connection, tenant } = await oneConnection(first);
    const own = await first.admin.post<{ id: string; issuer: string }>('/tenants', {
      name: 'Own',
      own_issuer: true,
      own_keys: true,
    });
    const guards = [{ name: 'secrets', match: {}, require: { methods: ['client_secret'] }, mode: 'audit' }];
    await first.admin.put('/policy', { version: 0, guards });
    const invitations = `/connections/${connection.id}/invitations`;
    const { url } = await first.admin.post<{ url: string }>(invitations);
    const invited = await first.admin.get(invitations);
    const before = await askToken(first.issuer, withSecret(client, connection));
    const kids = await allKids(first);
    const ownKids = await allKids({ ...first, issuer: own.issuer });

    const stopWriting = writing(first);
    const folder = join(await newFolder(), 'backup');
    const taken = await run(old, 'backup', '--output', folder, '--json');
    expect(await stopWriting()).toBeGreaterThan(0);
    expect({ code: taken.code, err: taken.err }).toEqual({ code: 0, err: '' });
    const { encryption_key, encryption_key_included } = JSON.parse(taken.out) as Record<string, unknown>;
    expect(encryption_key_included).toBe(false);
    await first.stop('SIGTERM');

    const restored = await run(fresh, 'restore', folder, '--json');
    expect(restored).toMatchObject({ code: 0, err: '' });
    const answer = JSON.parse(restored.out) as { encryption_key: string; encryption_key_present: boolean };
    expect(answer.encryption_key_present).toBe(String(encryption_key).startsWith('env:'));
    if (!answer.encryption_key_present)
      await copyFile(String(encryption_key).replace('file:', ''), answer.encryption_key.replace('file:', ''));

    const second = await server({ ...fresh, port });
    expect(await allKids(second)).toEqual(kids);
    expect(await allKids({ ...second, issuer: own.issuer })).toEqual(ownKids);
    const jwks = createRemoteJWKSet(new URL(`${second.issuer}/jwks`));
    await jwtVerify(String(before.body.access_token), jwks, { issuer: second.issuer });
    const after = await askToken(second.issuer, withSecret(client, connection));
    expect(after.status).toBe(200);
    const claims = (token: unknown) => {
      const { iss, sub, aud } = decodeJwt(String(token));
      return { iss, sub, aud };
    };
    expect(claims(after.body.access_token)).toEqual(claims(before.body.access_token));
    const { items } = await second.admin.get<{ items: { id: string }[] }>(`/connections?tenant=${tenant.id}`);
    expect(items).toEqual([expect.objectContaining({ id: connection.id, subject: connection.subject })]);
    expect((await second.admin.get<{ guards: unknown }>('/policy')).guards).toEqual(guards);
    // The customer's link still works; customers may keep it to pause access.
    expect((await fetch(url)).status).toBe(200);
    expect(await second.admin.get(invitations)).toEqual(invited);
    await second.stop('SIGTERM');
  }, 180_000);
});

describe('a backup', () => {
  async function backedUp(...options: string[]) {
    const port = await steadyPort();
    const old = await embedded(port);
    const running = await server({ ...old, port });
    await oneConnection(running);
    await running.stop('SIGTERM');
    const folder = join(await newFolder(), 'backup');
    const taken = await run(old, 'backup', '--output', folder, ...options);
    return { port, old, folder, taken };
  }

  let intact: ReturnType<typeof backedUp> | undefined;
  /** Of one server for all tests that change neither its data nor the backup. */
  const shared = () => {
    intact ??= backedUp();
    return intact;
  };
  async function copied() {
    const { port, folder } = await shared();
    const copy = join(await newFolder(), 'backup');
    await cp(folder, copy, { recursive: true });
    return { port, folder: copy };
  }

  test('is readable by its owner only, contains no key-encryption key, and names its source', async () => {
    const { old, folder, taken } = await shared();
    expect(taken).toEqual({
      code: 0,
      err: '',
      out: `Wrote the backup to ${folder}.\nIt does not contain the key-encryption key, file:${join(old.folder, 'encryption.key')}. Back that up separately.\n`,
    });
    const files = ['backup.json', 'keys/journal.json', 'keys/ring.json', 'sojourn.db'];
    const found = (await readdir(folder, { recursive: true })).filter((name) => name !== 'keys');
    expect(found.toSorted()).toEqual(files);
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const key = (await readFile(join(old.folder, 'encryption.key'), 'utf8')).trim();
    for (const file of files) expect(await readFile(join(folder, file), 'utf8')).not.toContain(key);
  }, 120_000);

  test('with the key-encryption key can be restored on its own', async () => {
    const { port, folder, taken } = await backedUp('--with-encryption-key');
    expect(taken.out).toBe(
      `Wrote the backup to ${folder}.\nIt contains the key-encryption key: anyone who can read the folder has the signing keys.\n`,
    );
    const fresh = await embedded(port);
    expect((await run(fresh, 'restore', folder)).out).toMatch(
      /^Restored http:\S+ as of \S+Z\.\nNext: sojourn serve\n$/,
    );
    const running = await server({ ...fresh, port });
    expect(await running.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 120_000);

  test('is not written to a folder that is not empty', async () => {
    const { old, folder } = await shared();
    expect(await run(old, 'backup', '--output', folder)).toEqual({
      code: 1,
      out: '',
      err: `${folder} is not empty; nothing was written.\n→ Give a folder that does not exist yet.\n`,
    });
  }, 120_000);

  test('is not restored over existing data, which stays as it is', async () => {
    const { port, old, folder } = await shared();
    const advice = '→ Use a configuration with empty locations, or move the existing data away.\n';
    const refused = (place: string) => ({
      code: 1,
      out: '',
      err: `${place} is not empty, and a restore overwrites nothing.\n${advice}`,
    });
    const ring = await readFile(join(old.folder, 'keys/ring.json'));
    expect(await run(old, 'restore', folder)).toEqual(refused(join(old.folder, 'keys')));
    expect(await readFile(join(old.folder, 'keys/ring.json'))).toEqual(ring);

    const fresh = await embedded(port);
    const database = join(fresh.folder, 'sojourn.db');
    await writeFile(database, 'mine');
    expect(await run(fresh, 'restore', folder)).toEqual(refused(database));
    expect((await readdir(fresh.folder)).toSorted()).toEqual(['sojourn.db', 'sojourn.yaml']);
    expect(await readFile(database, 'utf8')).toBe('mine');
  }, 120_000);

  test.each<[string, (backup: string, fresh: Place) => Promise<unknown>, RegExp]>([
    ['is incomplete', (backup) => rm(join(backup, 'backup.json')), /^\S+ is not a complete backup: /],
    [
      'has a newer format',
      (backup) => change(join(backup, 'backup.json'), { format: 2 }),
      /has format 2; this release of Sojourn reads formats up to 1\.\n/,
    ],
    [
      'contains a newer database',
      async (backup) => newer(join(backup, 'sojourn.db')),
      /has version 99; this version of Sojourn supports versions up to \d+\.\n/,
    ],
    [
      'belongs to another issuer',
      (backup) => change(join(backup, 'backup.json'), { issuer: 'https://other.example' }),
      /^The backup belongs to the issuer https:\/\/other\.example, but the configuration names http/,
    ],
    [
      'contains a damaged database',
      (backup) => writeFile(join(backup, 'sojourn.db'), 'x'.repeat(8192)),
      /is damaged: /,
    ],
    [
      'contains a truncated key ring',
      async (backup) => cut(join(backup, 'keys/ring.json')),
      /cannot be used: it is not valid JSON\.\n/,
    ],
    [
      'cannot be decrypted with the existing key-encryption key',
      (_, fresh) => wrongKey(fresh.folder),
      /another key-encryption key than the configured one encrypts it\.\n/,
    ],
  ])(
    'that %s is not restored, and nothing is written',
    async (_, spoil, why) => {
      const { port, folder } = await copied();
      const fresh = await embedded(port);
      await spoil(folder, fresh);
      const before = await readdir(fresh.folder, { recursive: true });
      const { code, out, err } = await run(fresh, 'restore', folder);
      expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringMatching(why) });
      expect(await readdir(fresh.folder, { recursive: true })).toEqual(before);
    },
    120_000,
  );
});

test('a backup is not restored into a shared store that is in use', async () => {
  const port = await steadyPort();
  const place = await onRedis(port);
  const running = await server({ ...place, port });
  await oneConnection(running);
  const folder = join(await newFolder(), 'backup');
  expect((await run(place, 'backup', '--output', folder)).code).toBe(0);
  await running.stop('SIGTERM');
  await rm(join(place.folder, 'keys'), { recursive: true });
  expect(await run(place, 'restore', folder)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^The store is not empty, and a restore overwrites nothing\.\n/),
  });
  await expect(readdir(join(place.folder, 'keys'))).rejects.toMatchObject({ code: 'ENOENT' });
}, 120_000);

async function change(file: string, members: Record<string, unknown>): Promise<void> {
  const before = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...before, ...members }));
}

function newer(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 99');
  database.close();
}

async function cut(file: string): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -20));
}

async function wrongKey(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'encryption.key'), Buffer.alloc(32, 1).toString('base64url'));
  await chmod(join(folder, 'encryption.key'), 0o600);
}
