/** What a server shows while it cannot seal the audit log. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

let server: TestServer;
afterEach(() => server.close());

const readiness = async () => {
  const response = await fetch(`${server.adminOrigin}/readyz`);
  const { checks } = (await response.json()) as { checks: { name: string }[] };
  return { status: response.status, check: checks.find(({ name }) => name === 'audit_seal') };
};

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.adminOrigin}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

test('a server that seals its audit log says so in metrics, and nothing at /readyz', async () => {
  server = await testServer();
  await server.admin.post('/tenants', { name: 'Acme' });
  const { items } = await server.admin.get<{ items: { id: number }[] }>('/audit?limit=1');
  for (let tries = 0; tries < 50 && (await metric('sojourn_audit_sealed_lines')) < items[0]!.id; tries++)
    await sleep(100);
  expect(await metric('sojourn_audit_sealed_lines')).toBe(items[0]!.id);
  expect(await metric('sojourn_audit_unsealed_seconds')).toBe(0);
  expect(await readiness()).toEqual({ status: 200, check: undefined });
});

test('a server whose audit log was damaged shows it, and seals and issues nothing more', async () => {
  const first = await testServer();
  const { client, connection } = await oneConnection(first);
  await first.stop();
  const database = new DatabaseSync(join(first.folder, 'sojourn.db'));
  const hashes = database.prepare('SELECT hashes FROM journal_tiles WHERE level = 0').get()
    ?.hashes as Uint8Array;
  hashes[40]! ^= 1;
  database.prepare('UPDATE journal_tiles SET hashes = ? WHERE level = 0').run(hashes);
  database
    .prepare('INSERT INTO journal (at, value) VALUES (?, ?)')
    .run(Date.now(), '{"event":"tenant.created"}');
  const seal = () => ({ ...database.prepare('SELECT size, checkpoint FROM journal_state').get() });
  const before = seal();

  server = await testServer({ folder: first.folder, port: Number(new URL(first.issuer).port) });
  for (let tries = 0; tries < 50 && !(await readiness()).check; tries++) await sleep(100);
  const detail = expect.stringMatching(
    new RegExp(
      `^(not sealed|lines since \\S+Z are not sealed): The hashes of the audit log do not give the root of its checkpoint of ${String(before.size)} lines\\.$`,
    ),
  );
  expect((await readiness()).check).toEqual({ name: 'audit_seal', ok: true, detail });
  await sleep(3_500);
  // This replica has seen another log.
  expect((await readiness()).status).toBe(503);
  expect(await metric('sojourn_audit_unsealed_seconds')).toBeGreaterThan(1);
  expect(seal()).toEqual(before);
  const damaged = server
    .logged()
    .split('\n')
    .filter((line) => line.includes('the audit log is damaged; the server does not seal it any more'));
  expect(damaged).toHaveLength(1);
  expect((await askToken(server.issuer, withSecret(client, connection))).status).toBe(503);
  database.close();
}, 30_000);
