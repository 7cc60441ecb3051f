/** `sojourn init` creates an issuer, once; `sojourn serve` never does. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { adminClient } from '../../src/sandbox/demo/http.ts';
import { loadConfig } from '../../src/server/config/index.ts';
import { initialize } from '../../src/server/init/index.ts';
import { startRedis } from '../support/redis.ts';
import { oneConnection } from '../support/server.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, sojournProgram, writeConfig } from './process.ts';
import { later, newFolder, redisStore, server, steadyPort } from './stage.ts';

const serve = async (file: string, env: Record<string, string> = {}) => {
  const { code, err } = await sojourn(['serve', '--config', file], environment(env));
  return { code, err };
};

/** Between the writes at which the run is killed. */
const step = process.env.SOJOURN_TEST_LONG === '1' ? 1 : 17;

/** An environment without SOJOURN_ADMIN_TOKEN. */
const withoutToken = ({ SOJOURN_ADMIN_TOKEN: _, ...env } = environment()) => env;

const missing = (store: string, folder: string) => ({
  code: 1,
  err: `There is no issuer yet: no key ring is in ${store} or in ${join(folder, 'keys')}.
→ Create a new issuer with \`sojourn init\`, or restore a backup of an existing one with \`sojourn restore\`. If this store had an issuer, it has lost its state: restore it.
`,
});

interface Ring {
  readonly id: string;
  readonly revision: number;
  readonly keys: readonly { readonly kid: string; readonly alg: string; readonly state: string }[];
}

const ringIn = async (folder: string): Promise<Ring> =>
  JSON.parse(await readFile(join(folder, 'keys/ring.json'), 'utf8')) as Ring;

const kidsIn = async (folder: string) => (await ringIn(folder)).keys.map(({ kid }) => kid);

describe('a server with an empty key folder', () => {
  test('does not start on a database that does not exist, and creates nothing', async () => {
    const folder = await newFolder();
    const file = await writeConfig({ folder, port: await steadyPort() });
    expect(await serve(file)).toEqual(missing(join(folder, 'sojourn.db'), folder));
    expect(await readdir(folder)).toEqual(['sojourn.yaml']);
  }, 60_000);

  test('does not start on an emptied store of an existing issuer, and creates no key', async () => {
    const { config, env } = await redisStore();
    const port = await steadyPort();
    const first = await server({ folder: await newFolder(), port, config, env });
    await first.admin.post('/tenants', { name: 'Acme' });
    const client = new Redis(config.store);
    await client.flushall();
    // Longer than the first server needs to look for its key ring.
    await sleep(5_000);
    const folder = await newFolder();
    const file = await writeConfig({ folder, port: await steadyPort(), issuerPort: port, config });
    expect(await serve(file, env)).toEqual(missing(config.store, folder));
    expect(await client.exists('{sojourn}:document:ring:shared')).toBe(0);
    client.disconnect();
    expect(await readdir(folder)).toEqual(['sojourn.yaml']);
  }, 60_000);

  test('joins an issuer whose store has keys, and creates none', async () => {
    const { config, env } = await redisStore();
    const [first, port] = [await newFolder(), await steadyPort()];
    await server({ folder: first, port, config, env });
    const folder = await newFolder();
    const joined = await server({ folder, port: await steadyPort(), issuerPort: port, config, env });
    expect(await ringIn(folder)).toEqual(await ringIn(first));
    expect(joined.output()).not.toContain('key.created');
    const foreign = { KEY_OF_KEYS: Buffer.alloc(32, 1).toString('base64url') };
    const other = await newFolder();
    const file = await writeConfig({ folder: other, port: await steadyPort(), issuerPort: port, config });
    expect(await serve(file, foreign)).toMatchObject({ code: 1 });
    expect(await readdir(other)).toEqual(['sojourn.yaml']);
  }, 60_000);

  test('creates the keys of a tenant, and of an algorithm that is new in the configuration', async () => {
    const [folder, port] = [await newFolder(), await steadyPort()];
    const first = await server({ folder, port, config: { keys: { algorithms: ['ES256'] } } });
    const own = { name: 'Own', own_issuer: true, own_keys: true };
    const { id } = await first.admin.post<{ id: string }>('/tenants', own);
    expect(await readdir(join(folder, 'keys'))).toContain(`${id}.json`);
    await first.stop('SIGTERM');
    const second = await server({ folder, port });
    const { items } = await second.admin.get<{ items: Ring['keys'] }>('/keys');
    expect(
      items
        .filter(({ state }) => state === 'active')
        .map(({ alg }) => alg)
        .toSorted(),
    ).toEqual(['ES256', 'RS256']);
  }, 60_000);
});

describe('sojourn init', () => {
  async function arrange(config: Record<string, unknown> = {}) {
    const [folder, port] = [await newFolder(), await steadyPort()];
    return { folder, port, file: await writeConfig({ folder, port, config }) };
  }

  test('creates key, rings and admin token, says so, and refuses to do it again', async () => {
    const { folder, port, file } = await arrange();
    const { code, out, err } = await sojourn(['init', '--config', file], withoutToken());
    const [, token] = /^ {2}export SOJOURN_ADMIN_TOKEN=(sja_[\w-]{43})$/m.exec(out) ?? [];
    expect({ code, out, err }).toEqual({
      code: 0,
      out: `Created the issuer http://127.0.0.1:${port}:

  key-encryption key  file:${join(folder, 'encryption.key')}
  keys                4 keys, in ${join(folder, 'sojourn.db')} and in ${join(folder, 'keys')}
  admin token         below; it is not shown again

  export SOJOURN_ADMIN_TOKEN=${token}

Next: copy the key-encryption key to a safe place, then start the server:

  sojourn serve --config ${file}
`,
      err: '',
    });
    const kids = await kidsIn(folder);
    expect(kids).toHaveLength(4);
    const before = await readFile(join(folder, 'sojourn.db'));
    expect(await sojourn(['init', '--config', file], withoutToken())).toEqual({
      code: 1,
      out: '',
      err: `${join(folder, 'sojourn.db')} has the issuer http://127.0.0.1:${port} already. Nothing was changed.
→ Start a server with \`sojourn serve\`. For another issuer, use another \`store\` and \`keys.path\`.
`,
    });
    expect(await readFile(join(folder, 'sojourn.db'))).toEqual(before);
    const running = await server({ folder, port, env: { SOJOURN_ADMIN_TOKEN: String(token) } });
    expect(await adminClient(running.adminOrigin, String(token)).get('/tenants')).toEqual({
      items: [],
      next: null,
    });
    expect(await kidsIn(folder)).toEqual(kids);
  }, 60_000);

  test('creates the file that the configuration names for the key-encryption key, and prints JSON', async () => {
    const { folder, port, file } = await arrange({ keys: { encryption_key: 'file:kek/one.key' } });
    const run = promisify(execFile);
    const command = [sojournProgram, 'init', '--config', file, '--json'];
    const { stdout } = await run(process.execPath, command, { cwd: folder, env: environment() });
    expect(JSON.parse(stdout)).toEqual({
      issuer: `http://127.0.0.1:${port}`,
      store: join(folder, 'sojourn.db'),
      encryption_key: 'file:kek/one.key',
      encryption_key_created: true,
      key_folder: join(folder, 'keys'),
      keys: (await ringIn(folder)).keys.map(({ kid, alg, state }) => ({ kid, alg, state })),
      admin_token: null,
    });
    expect(await readFile(join(folder, 'kek/one.key'), 'utf8')).toMatch(/^[\w-]{43}\n$/);
  }, 60_000);

  test('is what the Kubernetes job runs, for replicas on a shared store', async () => {
    const job = parse(
      await readFile(join(import.meta.dirname, '../../deploy/kubernetes/init-job.yaml'), 'utf8'),
    ) as {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    const [container] = job.spec.template.spec.containers;
    const { config, env } = await redisStore();
    const [folder, port] = [await newFolder(), await steadyPort()];
    const file = await writeConfig({ folder, port, config });
    const args = container!.args.map((each) => (each.endsWith('.yaml') ? file : each));
    const { code, out } = await sojourn(args, environment(env));
    expect({ code, out }).toEqual({
      code: 0,
      out: `Created the issuer http://127.0.0.1:${port}:

  key-encryption key  env:KEY_OF_KEYS
  keys                4 keys, in ${config.store} and in ${join(folder, 'keys')}
  admin token         SOJOURN_ADMIN_TOKEN of the environment

Next: copy the key-encryption key to a safe place, then start the server:

  sojourn serve --config ${file}
`,
    });
    const other = { folder: await newFolder(), port: await steadyPort(), issuerPort: port, config, env };
    const replica = await server({ ...other, isNew: true });
    expect(await ringIn(other.folder)).toEqual(await ringIn(folder));
    await replica.stop('SIGTERM');
  }, 60_000);

  test('never overwrites a key-encryption key', async () => {
    const { folder, file } = await arrange();
    const key = `${Buffer.alloc(32, 5).toString('base64url')}\n`;
    await writeFile(join(folder, 'encryption.key'), key, { mode: 0o600 });
    const { code, out } = await sojourn(['init', '--config', file], environment());
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('encryption.key, which existed') });
    expect(await readFile(join(folder, 'encryption.key'), 'utf8')).toBe(key);
  }, 60_000);

  test('refuses a key folder with rings whose store is lost, and changes nothing', async () => {
    const { folder, file } = await arrange();
    expect(await sojourn(['init', '--config', file], environment())).toMatchObject({ code: 0 });
    const lost = await newFolder();
    for (const name of (await readdir(folder)).filter((each) => each.startsWith('sojourn.db')))
      await rename(join(folder, name), join(lost, name));
    const before = await readdir(folder, { recursive: true });
    expect(await sojourn(['init', '--config', file], environment())).toEqual({
      code: 1,
      out: '',
      err: `${join(folder, 'keys')} has key rings of an issuer, and the store has none. Nothing was changed.
→ If the store lost its state, restore it; new keys would lock out every customer. For a new issuer, use another \`keys.path\`, or move the *.json files and audit.mark in it away.
`,
    });
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  }, 60_000);

  test('of several at once, one creates the issuer, and its admin token is the right one', async () => {
    const { config, env } = await redisStore();
    const [folder, port] = [await newFolder(), await steadyPort()];
    const file = await writeConfig({ folder, port, config });
    const results = await Promise.all(
      [1, 2, 3].map(() => sojourn(['init', '--json', '--config', file], withoutToken(environment(env)))),
    );
    const done = results.filter(({ code }) => code === 0);
    expect(done).toHaveLength(1);
    const { admin_token } = JSON.parse(done[0]!.out) as { admin_token: string };
    const running = await server({ folder, port, config, env: { ...env, SOJOURN_ADMIN_TOKEN: admin_token } });
    const { items } = await adminClient(running.adminOrigin, admin_token).get<{ items: unknown[] }>('/keys');
    expect(items).toHaveLength(4);
  }, 60_000);

  test('that is killed before any of its writes is completed by the next run', async () => {
    let killed = 0;
    for (let at = 1; ; at += step) {
      const { folder, file } = await arrange();
      const child = promisify(execFile)(
        process.execPath,
        ['--import', join(import.meta.dirname, 'kill-at.ts'), sojournProgram, 'init', '--config', file],
        { env: { ...withoutToken(), KILL_AT: String(at) } },
      );
      const signal = await child.then(
        () => undefined,
        (error: { signal: string }) => error.signal,
      );
      if (signal === undefined) break;
      expect(signal).toBe('SIGKILL');
      killed++;
      const config = await loadConfig({ file, env: withoutToken(), createsKey: true });
      const { keys, admin_token } = await initialize(config, { show: () => undefined });
      expect(keys).toHaveLength(4);
      expect(admin_token).toMatch(/^sja_/);
      expect(await kidsIn(folder)).toHaveLength(4);
      await rm(folder, { recursive: true });
    }
    expect(killed).toBeGreaterThan(50 / step);
  }, 600_000);

  test('that was interrupted keeps a server from starting', async () => {
    const { folder, file } = await arrange();
    expect(await sojourn(['init', '--config', file], environment())).toMatchObject({ code: 0 });
    const database = new DatabaseSync(join(folder, 'sojourn.db'));
    const value = `json_set(value, '$.created_at', null)`;
    database.exec(`UPDATE documents SET value = ${value} WHERE record_type = 'setting' AND id = 'issuer'`);
    database.close();
    expect(await serve(file)).toEqual({
      code: 1,
      err: '`sojourn init` was interrupted before it had created the whole issuer.\n→ Run it again with the same configuration.\n',
    });
  }, 60_000);
});

describe('a server without an admin token', () => {
  test('does not start, and says what to set', async () => {
    const [folder, port] = [await newFolder(), await steadyPort()];
    const file = await writeConfig({ folder, port });
    expect(await sojourn(['init', '--config', file], environment())).toMatchObject({ code: 0 });
    const { code, err } = await sojourn(['serve', '--config', file], withoutToken());
    expect({ code, err }).toEqual({
      code: 1,
      err: `There is no admin token: SOJOURN_ADMIN_TOKEN is not set, and the store has the hash of none.
→ Set SOJOURN_ADMIN_TOKEN to a token of at least 32 characters, for example from: openssl rand -hex 32
`,
    });
  }, 60_000);
});

describe('serve --init', () => {
  test('creates the issuer in one line of output, once', async () => {
    const [folder, port] = [await newFolder(), await steadyPort()];
    const program = await initializingProgram();
    const created = `Created the issuer http://127.0.0.1:${port} in ${join(folder, 'sojourn.db')} and ${join(folder, 'keys')}.\n`;
    const first = await server({ folder, port, program, isNew: true });
    expect(first.output()).toContain(created);
    await first.stop('SIGTERM');
    const kids = await kidsIn(folder);
    const second = await server({ folder, port, program, isNew: true });
    expect(second.output()).not.toContain('Created the issuer');
    expect(await kidsIn(folder)).toEqual(kids);
  }, 60_000);

  test('refuses a shared store', async () => {
    const redis = await startRedis();
    later(() => redis.stop());
    const env = { KEY_OF_KEYS: Buffer.alloc(32, 7).toString('base64url') };
    const config = { store: redis.url, keys: { encryption_key: 'env:KEY_OF_KEYS' } };
    const file = await writeConfig({ folder: await newFolder(), port: await steadyPort(), config });
    expect(await sojourn(['serve', '--init', '--config', file], environment(env))).toEqual({
      code: 2,
      out: '',
      err: '--init is only for a SQLite store. Run `sojourn init` once, before the first replica starts.\n',
    });
  }, 60_000);

  /** `sojourn` with the option, because the arguments of a server process are fixed. */
  async function initializingProgram(): Promise<string> {
    const folder = await newFolder();
    const file = join(folder, 'program.mjs');
    await writeFile(file, `process.argv.push('--init');\nawait import(${JSON.stringify(sojournProgram)});\n`);
    return file;
  }
});

describe('a configuration with another issuer', () => {
  const refused = (subject: string, stored: string, configured: string) => ({
    code: 1,
    err: `${subject} the issuer ${stored}, and the configuration names ${configured}.
→ Set \`issuer\` to ${stored}: every customer's cloud trusts it. For another issuer, use another \`store\` and \`keys.path\`, and run \`sojourn init\`.
`,
  });

  test('stops the start, whatever the store has', async () => {
    const [folder, port] = [await newFolder(), await steadyPort()];
    const running = await server({ folder, port });
    await oneConnection(running);
    await running.stop('SIGTERM');
    const other = await steadyPort();
    const [stored, configured] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${other}`];
    const file = await writeConfig({ folder, port: other });
    expect(await serve(file)).toEqual(refused('The store belongs to', stored, configured));
    // As a store of an earlier version, which has no record.
    const database = new DatabaseSync(join(folder, 'sojourn.db'));
    const id = database.prepare("SELECT id FROM documents WHERE record_type = 'connection'").get()?.id;
    database.exec("DELETE FROM documents WHERE record_type = 'setting' AND id = 'issuer'");
    database.close();
    expect(await serve(file)).toEqual(refused(`The connection ${String(id)} has`, stored, configured));
    const same = await server({ folder, port, isNew: true });
    await same.stop('SIGTERM');
    await writeConfig({ folder, port: other });
    expect(await serve(file)).toEqual(refused('The store belongs to', stored, configured));
  }, 120_000);
});
