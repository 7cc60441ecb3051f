/**
 * A store that lost acknowledged writes: whatever happened to it, a server refuses to issue, says what is lost, keeps serving
 * the documents, and continues only after `sojourn store accept-rollback`.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { blackHoleBefore } from '../platform/store/black-hole.ts';
import { startRedis } from '../support/redis.ts';
import {
  accept,
  expectRecovery,
  expectRefusal,
  isMarked,
  readiness,
  restart,
  type Stage,
  start,
  token,
  until,
} from './rollback-stage.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

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
