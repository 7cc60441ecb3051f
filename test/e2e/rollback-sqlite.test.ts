import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { TestClient } from '../support/server.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment } from './process.ts';
import {
  accept,
  expectRecovery,
  expectRefusal,
  readiness,
  restart,
  type Stage,
  start,
  token,
  until,
} from './rollback-stage.ts';
import { server } from './stage.ts';

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
