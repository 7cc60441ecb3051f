/** `audit.on_failure: spool` as an operator runs it: another process locks the database, the server is killed, the disk is full. */
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { repetitions } from '../support/scale.ts';
import { oneConnection, type TestClient, withSecret } from '../support/server.ts';
import type { ServerProcess } from './process.ts';
import { newFolder, server, steadyPort } from './stage.ts';

async function options() {
  const folder = await newFolder();
  return { folder, port: await steadyPort(), config: { audit: { on_failure: 'spool' } } };
}

/** Another process' write lock. */
function lock(folder: string): () => void {
  const other = new DatabaseSync(join(folder, 'sojourn.db'), { timeout: 5_000 });
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

/** Refusals of a known client, which need nothing of the store but their audit lines; resolves to the statuses and request ids. */
const refusals = (sojourn: ServerProcess, client: TestClient, count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const body = new URLSearchParams(withSecret(client, { id: 'con_nowhere' }));
      const response = await fetch(`${sojourn.issuer}/token`, { method: 'POST', body });
      await response.text();
      return { status: response.status, id: response.headers.get('x-request-id') ?? '' };
    }),
  );

/** How often each request is in the journal, and how many of its lines waited in the spool. */
function journal(folder: string) {
  const database = new DatabaseSync(join(folder, 'sojourn.db'), { readOnly: true });
  const rows = database.prepare('SELECT value FROM journal').all() as { value: string }[];
  database.close();
  const lines = rows.map(({ value }) => JSON.parse(value) as { request_id?: string; spooled?: string });
  return (ids: readonly string[]) => {
    const of = Map.groupBy(lines, ({ request_id = '' }) => request_id);
    return {
      missing: ids.filter((id) => !of.has(id)).length,
      double: ids.filter((id) => (of.get(id)?.length ?? 0) > 1).length,
      spooled: ids.filter((id) => of.get(id)?.[0]?.spooled !== undefined).length,
    };
  };
}

async function untilAppended(folder: string, ids: readonly string[]): Promise<void> {
  const until = performance.now() + 30_000;
  while (journal(folder)(ids).missing > 0 && performance.now() < until) await sleep(200);
}

/** Files of the server cannot grow beyond this size. */
const limitFileSize = ({ pid }: ServerProcess, bytes: number | 'unlimited') =>
  promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);

const spoolFiles = (folder: string) => readdir(join(folder, 'keys/audit-spool'));

test('lines that wait when the server is killed are appended once by the next process, and operators see how many wait', async () => {
  const place = await options();
  const first = await server(place);
  const { client } = await oneConnection(first);
  const unlock = lock(place.folder);
  const acknowledged = await refusals(first, client, 30);
  expect(new Set(acknowledged.map(({ status }) => status))).toEqual(new Set([400]));
  const ids = acknowledged.map(({ id }) => id);
  expect(journal(place.folder)(ids).missing).toBe(30);

  const { checks } = (await (await fetch(`${first.adminOrigin}/readyz`)).json()) as { checks: object[] };
  expect(checks).toContainEqual({
    name: 'audit_spool',
    ok: true,
    detail: '30 audit entries wait for the store',
  });
  const metrics = await (await fetch(`${first.adminOrigin}/metrics`)).text();
  expect(metrics).toContain('\nsojourn_audit_entries_spooled 30\n');
  expect(first.output()).toContain('the store takes no audit entries; they wait in the spool');

  await first.stop('SIGKILL');
  unlock();
  expect((await spoolFiles(place.folder)).length).toBe(1);
  const second = await server(place);
  await untilAppended(place.folder, ids);
  expect(journal(place.folder)(ids)).toEqual({ missing: 0, double: 0, spooled: 30 });
  await sleep(1_100);
  expect(await spoolFiles(place.folder)).toEqual([]);
  await second.stop('SIGTERM');
}, 120_000);

test('a server that is killed again and again while it appends loses no line and appends none twice', async () => {
  const place = await options();
  let sojourn = await server(place);
  const { client } = await oneConnection(sojourn);
  const ids: string[] = [];
  for (let kill = 0; kill < repetitions({ part: 2, full: 40 }); kill++) {
    const unlock = lock(place.folder);
    const acknowledged = await refusals(sojourn, client, 300);
    ids.push(...acknowledged.filter(({ status }) => status === 400).map(({ id }) => id));
    unlock();
    // The drain starts within a second, and takes some milliseconds.
    while (journal(place.folder)(ids.slice(-300)).missing === 300) await sleep(1);
    await sleep(kill % 4);
    await sojourn.stop('SIGKILL');
    sojourn = await server(place);
  }
  await untilAppended(place.folder, ids);
  expect(ids.length).toBe(repetitions({ part: 2, full: 40 }) * 300);
  expect(journal(place.folder)(ids)).toMatchObject({ missing: 0, double: 0 });
  await sojourn.stop('SIGTERM');
}, 1_200_000);

test('lines wait while the database finds no space on its disk, and are appended when it has', async () => {
  const place = await options();
  const sojourn = await server(place);
  const { client } = await oneConnection(sojourn);
  const log = join(place.folder, 'sojourn.db-wal');
  // The database cannot grow; the spool, with its small files, can.
  const { size } = await stat(log);
  await limitFileSize(sojourn, size);
  const answers: Awaited<ReturnType<typeof refusals>> = [];
  while (!sojourn.output().includes('they wait in the spool') && answers.length < 1_000)
    answers.push(...(await refusals(sojourn, client, 10)));
  answers.push(...(await refusals(sojourn, client, 20)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
  await limitFileSize(sojourn, 'unlimited');
  const ids = answers.map(({ id }) => id);
  await untilAppended(place.folder, ids);
  const found = journal(place.folder)(ids);
  expect(found).toMatchObject({ missing: 0, double: 0 });
  expect(found.spooled).toBeGreaterThanOrEqual(20);
  await sojourn.stop('SIGTERM');
}, 120_000);

test('a line for which the disk has no space either refuses its request, and what was acknowledged is appended', async () => {
  const place = await options();
  const sojourn = await server(place);
  const { client } = await oneConnection(sojourn);
  const unlock = lock(place.folder);
  const before = await refusals(sojourn, client, 1);
  // 10 lines or so.
  await limitFileSize(sojourn, 5_000);
  const answers = [...before];
  for (let times = 0; times < 30; times++) answers.push(...(await refusals(sojourn, client, 1)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
  expect((await fetch(`${sojourn.issuer}/jwks`)).status).toBe(200);
  await limitFileSize(sojourn, 'unlimited');
  unlock();
  const of = (wanted: number) => answers.filter(({ status }) => status === wanted).map(({ id }) => id);
  await untilAppended(place.folder, of(400));
  expect(journal(place.folder)(of(400))).toEqual({ missing: 0, double: 0, spooled: of(400).length });
  expect(journal(place.folder)(of(503)).missing).toBe(of(503).length);
  expect(sojourn.output()).not.toContain('damaged');
  await sojourn.stop('SIGTERM');
}, 120_000);
