/**
 * A store that lost acknowledged writes: whatever happened to it, a server refuses to issue, says what is lost, keeps serving
 * the documents, and continues only after `sojourn store accept-rollback`.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { blackHoleBefore } from '../platform/store/black-hole.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestConnection,
  withSecret,
} from '../support/server.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, type ProcessOptions, type ServerProcess } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

interface Stage {
  readonly options: ProcessOptions;
  running: ServerProcess;
  readonly client: TestClient;
  readonly connection: TestConnection;
}

async function start(config: Record<string, unknown> = {}, env: Record<string, string> = {}): Promise<Stage> {
  const options = { folder: await newFolder(), port: await steadyPort(), config, env };
  const running = await server(options);
  const { client, connection } = await oneConnection(running);
  const stage = { options, running, client, connection };
  expect(await token(stage)).toMatchObject({ status: 200 });
  await until(async () => (await readiness(stage)).status === 200 && (await isMarked(stage)));
  return stage;
}

const token = ({ running, client, connection }: Stage) =>
  askToken(running.issuer, withSecret(client, connection));

async function readiness({ running }: Stage): Promise<{ status: number; store: string }> {
  const answer = await fetch(`${running.adminOrigin}/readyz`);
  const { checks } = (await answer.json()) as { checks: { name: string; detail: string }[] };
  return { status: answer.status, store: checks.find(({ name }) => name === 'store')?.detail ?? '' };
}

/** Whether this replica has seen a checkpoint. */
const isMarked = async ({ options }: Stage): Promise<boolean> => {
  const { readPrivateFile } = await import('../../src/tokens/keys/index.ts');
  return (await readPrivateFile(join(options.folder, 'keys', 'audit.mark'))) !== undefined;
};

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the condition did not come true within 20 s');
    await sleep(100);
  }
}

async function restart(stage: Stage): Promise<void> {
  await stage.running.stop('SIGTERM');
  stage.running = await server(stage.options);
}

/** What every loss has in common; `lost` is the reason that /readyz states. */
async function expectRefusal(stage: Stage, lost: RegExp): Promise<void> {
  await until(async () => /^has lost/.test((await readiness(stage)).store));
  const { status, store } = await readiness(stage);
  expect(status).toBe(503);
  expect(store).toMatch(
    /^has lost acknowledged writes: .*; restore a backup, or run `sojourn store accept-rollback`$/,
  );
  expect(store).toMatch(lost);
  const refused = await token(stage);
  expect(refused.status === 200 ? refused : 'refused').toBe('refused');
  expect((await fetch(`${stage.running.issuer}/jwks`)).status).toBe(200);
  expect((await fetch(`${stage.running.issuer}/.well-known/openid-configuration`)).status).toBe(200);
  await until(async () => stage.running.output().includes('the store has lost acknowledged writes'));
}

async function accept({ options }: Stage): Promise<Record<string, unknown>> {
  const file = join(options.folder, 'sojourn.yaml');
  const result = await sojourn(
    ['store', 'accept-rollback', '--reason', 'tested', '--config', file, '--json'],
    environment(options.env),
  );
  expect(result).toMatchObject({ code: 0, err: '' });
  return JSON.parse(result.out) as Record<string, unknown>;
}

/** The loss is accepted, the server is ready again, and the act is in the audit log. */
async function expectRecovery(stage: Stage, lost: RegExp): Promise<void> {
  const acceptance = await accept(stage);
  expect(acceptance).toMatchObject({ lost: expect.stringMatching(lost) });
  await until(async () => (await readiness(stage)).status === 200);
  const { items } = await stage.running.admin.get<{ items: unknown[] }>(
    '/audit?event=store.rollback_accepted',
  );
  expect(items).toMatchObject([{ actor: 'admin', outcome: 'ok', reason: 'tested', facts: { epoch: 1 } }]);
}

describe('on SQLite', () => {
  const database = (stage: Stage) => join(stage.options.folder, 'sojourn.db');
  const change = (stage: Stage, sql: string) => {
    const opened = new DatabaseSync(database(stage));
    opened.exec(sql);
    opened.close();
  };

  test('a database that is removed under a running server is noticed at once, and after a restart', async () => {
    const stage = await start();
    for (const end of ['', '-wal', '-shm']) await rm(`${database(stage)}${end}`, { force: true });
    expect(await token(stage)).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    await expectRefusal(stage, /was removed/);
    await restart(stage);
    await expectRefusal(stage, /its audit log is empty/);
    await expectRecovery(stage, /its audit log is empty/);
    await restart(stage);
    expect(await readiness(stage)).toMatchObject({ status: 200 });
  }, 120_000);

  test('an older copy of the database is noticed while the server runs, and after a restart', async () => {
    const stage = await start();
    await stage.running.stop('SIGTERM');
    await copyFile(database(stage), `${database(stage)}.old`);
    stage.running = await server(stage.options);
    await stage.running.admin.patch(`/clients/${stage.client.client_id}`, { disabled: true });
    await sleep(3_000);
    await rename(`${database(stage)}.old`, database(stage));
    for (const end of ['-wal', '-shm']) await rm(`${database(stage)}${end}`, { force: true });
    await expectRefusal(stage, /was replaced by another/);
    await restart(stage);
    await expectRefusal(stage, /its audit log has \d+ sealed lines, and had \d+/);
    await expectRecovery(stage, /its audit log has \d+ sealed lines/);
  }, 120_000);

  test('an older copy is noticed also if it lacks only what changed just before a clean stop', async () => {
    const stage = await start();
    await stage.running.stop('SIGTERM');
    await copyFile(database(stage), `${database(stage)}.old`);
    stage.running = await server(stage.options);
    await until(async () => (await readiness(stage)).status === 200);
    await sleep(2_500);
    await stage.running.admin.patch(`/clients/${stage.client.client_id}`, { disabled: true });
    await stage.running.stop('SIGTERM');
    await rename(`${database(stage)}.old`, database(stage));
    stage.running = await server(stage.options);
    await expectRefusal(stage, /its audit log has \d+ sealed lines, and had \d+/);
  }, 120_000);

  test('a policy that is lost alone is noticed', async () => {
    const stage = await start();
    await stage.running.admin.put('/policy', { version: 0, guards: [] });
    await sleep(2_500);
    change(stage, "DELETE FROM documents WHERE record_type = 'policy'");
    await expectRefusal(stage, /its policy version is 0, and was 1/);
    await expectRecovery(stage, /its policy version is 0/);
    expect(await token(stage)).toMatchObject({ status: 200 });
  }, 120_000);

  test('a client that is lost alone is noticed at the next start, and the acceptance lists the others', async () => {
    const stage = await start();
    const other = await stage.running.admin.post<TestClient>('/clients', { name: 'other', may_use: [] });
    await stage.running.stop('SIGTERM');
    change(stage, `DELETE FROM documents WHERE record_type = 'client' AND id = '${other.client_id}'`);
    stage.running = await server(stage.options);
    await expectRefusal(stage, /it lacks 1 of 2 client documents/);
    const acceptance = await accept(stage);
    expect(acceptance).toMatchObject({
      lost: 'it lacks 1 of 2 client documents',
      may_have_come_back: { client: [stage.client.client_id], connection: [stage.connection.id] },
    });
    await until(async () => (await readiness(stage)).status === 200);
    await restart(stage);
    expect(await readiness(stage)).toMatchObject({ status: 200 });
  }, 120_000);

  test('a server that was killed at any moment, and its backup restored, is no rollback', async () => {
    const stage = await start();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) await token(stage);
      await stage.running.stop('SIGKILL');
      stage.running = await server(stage.options);
      await sleep(1_500);
      expect(await readiness(stage)).toEqual({ status: 200, store: 'reads and writes' });
    }
    const refused = await sojourn(
      [
        'store',
        'accept-rollback',
        '--reason',
        'none',
        '--config',
        join(stage.options.folder, 'sojourn.yaml'),
      ],
      environment(stage.options.env),
    );
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('nothing to accept') });
  }, 120_000);
});

describe('on Redis', () => {
  const env = { KEY_OF_KEYS: randomBytes(32).toString('base64url') };
  const keys = { encryption_key: 'env:KEY_OF_KEYS' };
  const ask = async (port: number, question: (redis: Redis) => Promise<unknown>) => {
    const redis = new Redis(port, '127.0.0.1');
    await question(redis).finally(() => redis.disconnect());
  };
  const redis = async (settings: readonly string[] = []) => {
    const started = await startRedis({ settings });
    later(() => started.stop());
    return started;
  };

  test('an emptied server is noticed at once, and after a restart', async () => {
    const { url, port } = await redis();
    const stage = await start({ store: url, keys }, env);
    await ask(port, (client) => client.flushall());
    expect(await token(stage)).not.toMatchObject({ status: 200 });
    await expectRefusal(stage, /it lacks audit lines|its audit log is empty/);
    await restart(stage);
    await expectRefusal(stage, /its audit log is empty, and had \d+ lines/);
    await expectRecovery(stage, /its audit log is empty/);
  }, 120_000);

  test('a restart of a server that persists nothing is noticed', async () => {
    const first = await redis();
    const stage = await start({ store: first.url, keys }, env);
    await first.stop();
    const second = await startRedis({ port: first.port });
    later(() => second.stop());
    await expectRefusal(stage, /its audit log is empty|it lacks audit lines/);
    await expectRecovery(stage, /its audit log is empty/);
  }, 120_000);

  test('a failover to a replica without the last writes is noticed', async () => {
    const [primary, replica] = [await redis(), await redis()];
    const front = await blackHoleBefore(primary.port);
    later(() => front.close());
    const stage = await start({ store: `redis://127.0.0.1:${front.port}`, keys }, env);
    await ask(replica.port, async (client) => {
      await client.replicaof('127.0.0.1', String(primary.port));
      while (!(await client.info('replication')).includes('master_link_status:up')) await sleep(50);
      await sleep(300);
      await client.replicaof('NO', 'ONE');
    });
    await stage.running.admin.patch(`/clients/${stage.client.client_id}`, { disabled: true });
    front.to(replica.port);
    await expectRefusal(stage, /it lacks audit lines|its audit log has/);
    await restart(stage);
    await expectRefusal(stage, /it lacks audit lines|its audit log has/);
    await expectRecovery(stage, /its audit log has \d+ sealed lines|other lines|it lacks/);
  }, 120_000);

  test('a lost counter of the audit log overwrites no line', async () => {
    const { url, port } = await redis();
    const stage = await start({ store: url, keys }, env);
    const lines: (string | null)[] = [];
    const first = () =>
      ask(port, async (client) => lines.push(await client.hget('{sojourn}:journal:lines', '1')));
    await first();
    await ask(port, (client) => client.del('{sojourn}:journal:sequence'));
    expect(await token(stage)).not.toMatchObject({ status: 200 });
    await expectRefusal(stage, /it lacks audit lines/);
    await first();
    expect(lines[1]).toBe(lines[0]);
  }, 120_000);

  test('an eviction is noticed', async () => {
    const { url, port } = await redis();
    const stage = await start({ store: url, keys }, env);
    await ask(port, async (client) => {
      await client.config('SET', 'maxmemory-policy', 'allkeys-random');
      await client.config('SET', 'maxmemory', '1');
      await client.set('anything', 'x').catch(() => undefined);
      await client.config('SET', 'maxmemory', '0');
    });
    await expectRefusal(stage, /it lacks|its audit log|its .* is \d+, and was \d+/);
  }, 120_000);

  test('another database in its place is noticed', async () => {
    const { url, port } = await redis();
    const other = await start({ store: `${url}/1`, keys }, env);
    await other.running.stop('SIGTERM');
    const stage = await start({ store: `${url}/0`, keys }, env);
    await ask(port, (client) => client.call('SWAPDB', '0', '1'));
    await expectRefusal(stage, /it lacks audit lines|key of this server did not sign|its audit log/);
  }, 120_000);

  test('a policy that is lost alone is noticed', async () => {
    const { url, port } = await redis();
    const stage = await start({ store: url, keys }, env);
    await stage.running.admin.put('/policy', { version: 0, guards: [] });
    await sleep(2_500);
    await ask(port, (client) => client.del('{sojourn}:document:policy:policy'));
    await expectRefusal(stage, /its policy version is 0, and was 1/);
    await expectRecovery(stage, /its policy version is 0/);
  }, 120_000);

  test('an acceptance on one replica lets the others continue', async () => {
    const { url, port } = await redis();
    const stage = await start({ store: url, keys }, env);
    const options = {
      ...stage.options,
      folder: await newFolder(),
      port: await steadyPort(),
      issuerPort: stage.options.port,
    };
    const second: Stage = { ...stage, options, running: await server(options) };
    await until(() => isMarked(second));
    await ask(port, (client) => client.flushall());
    for (const each of [stage, second]) await expectRefusal(each, /its audit log is empty|it lacks/);
    await accept(stage);
    for (const each of [stage, second]) await until(async () => (await readiness(each)).status === 200);
  }, 120_000);
});

describe('on PostgreSQL', () => {
  const env = { KEY_OF_KEYS: randomBytes(32).toString('base64url') };
  const keys = { encryption_key: 'env:KEY_OF_KEYS' };

  test('a failover to a standby without the last writes is noticed', async () => {
    const primary = await startPostgres();
    later(() => primary.stop());
    const front = await blackHoleBefore(primary.port);
    later(() => front.close());
    const stage = await start(
      { store: primary.url.replace(`:${primary.port}/`, `:${front.port}/`), keys },
      env,
    );
    const standby = await startPostgres({ standbyOf: primary });
    later(() => standby.stop());
    await standby.kill('SIGKILL');
    await stage.running.admin.patch(`/clients/${stage.client.client_id}`, { disabled: true });
    await primary.kill('SIGKILL');
    await standby.restart();
    await standby.ask('SELECT pg_promote()');
    front.to(standby.port);
    await expectRefusal(stage, /it lacks audit lines|its audit log has/);
    await restart(stage);
    await expectRefusal(stage, /it lacks audit lines|its audit log has/);
    await expectRecovery(stage, /its audit log has \d+ sealed lines|other lines|it lacks/);
  }, 120_000);
});
