/** Requests while the audit log cannot be written: their events are recorded later, once. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  askToken,
  awsTarget,
  oneConnection,
  type TestClient,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';

let server: TestServer;
let tenant: { id: string };
let connection: { id: string };
let client: TestClient;
let ahead = 0;

beforeAll(async () => {
  server = await testServer({ now: () => Date.now() + ahead });
  ({ tenant } = await oneConnection(server));
}, 60_000);
afterAll(() => server.close());
beforeEach(async () => {
  connection = await server.admin.post('/connections', {
    name: 'guarded',
    tenant: tenant.id,
    cloud: 'aws',
    target: awsTarget,
    approval: 'required',
  });
  client = await server.admin.post('/clients', { name: 'c', may_use: [{ connection: connection.id }] });
});

const ask = async () => (await askToken(server.issuer, withSecret(client, connection))).status;
const withoutAudit = async (work: () => Promise<void>) => {
  const rename = (from: string, to: string) => {
    const database = new DatabaseSync(join(server.folder, 'sojourn.db'));
    database.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    database.close();
  };
  rename('journal', 'lost');
  try {
    await work();
  } finally {
    rename('lost', 'journal');
  }
};
const told = async () => {
  const { items } = await server.admin.get<{ items: { event: string }[] }>(
    `/audit?connection=${connection.id}&limit=200`,
  );
  return items.map(({ event }) => event).filter((event) => event.startsWith('approval.'));
};
const requests = async () =>
  (await server.admin.get<{ items: object[] }>(`/approvals?connection=${connection.id}`)).items;

test('a request whose audit event could not be recorded is recorded when the client requests again', async () => {
  await withoutAudit(async () => expect(await ask()).toBe(503));
  const kept = await requests();
  expect(kept).toMatchObject([{ client: client.client_id, state: 'pending', request_count: 1 }]);
  expect(Object.keys(kept[0]!)).not.toContain('untold');
  // Whoever has made it may still be telling.
  expect([await ask(), await told()]).toEqual([400, []]);
  ahead += 11_000;
  const answers = await Promise.all(Array.from({ length: 10 }, ask));
  expect(new Set(answers)).toEqual(new Set([400]));
  expect(await told()).toEqual(['approval.requested']);
  ahead += 11_000;
  expect([await ask(), await told()]).toEqual([400, ['approval.requested']]);
});

test('the expiry of the previous grant is recorded then as well', async () => {
  expect(await ask()).toBe(400);
  const [{ id }] = (await requests()) as [{ id: string }];
  await server.admin.post(`/approvals/${id}/grant`, { duration: '5m' });
  expect(await ask()).toBe(200);
  ahead += 5 * 60_000;
  const before = ['approval.granted', 'approval.requested'];
  for (let times = 0; times < 2; times++) {
    await withoutAudit(async () => expect(await ask()).toBe(503));
    expect(await told()).toEqual(before);
    ahead += 11_000;
  }
  expect(await ask()).toBe(400);
  expect(await told()).toEqual(['approval.requested', 'approval.expired', ...before]);
});
