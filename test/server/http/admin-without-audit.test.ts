import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
  const database = new DatabaseSync(join(server.folder, 'sojourn.db'));
  database.exec('ALTER TABLE journal RENAME TO lost');
  database.close();
});
afterAll(() => server.close());

test('a change that cannot be written to the audit is not confirmed', async () => {
  const answer = await ask('POST /clients', { body: { name: 'unseen' } });
  expect({ status: answer.status, body: answer.body }).toEqual(
    problem(503, 'audit_unavailable', 'The audit log cannot be written, so the server issues nothing.'),
  );
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(answer.text).not.toContain('sjs_');
});

test('an unauthenticated caller is still refused while the audit is unavailable', async () => {
  const headers = { authorization: 'Bearer somebody' };
  expect((await plain(ask('GET /tenants', { headers }))).status).toBe(503);
});

test('refused callers do not write one error line each', async () => {
  const before = Date.now();
  for (let number = 0; number < 60; number++)
    await ask('GET /tenants', { headers: { authorization: 'Bearer x' } });
  const seconds = (Date.now() - before) / 1000;
  const lines = server.logged().split('\n');
  const failed = lines.filter((line) => line.includes('"code":"audit_unavailable","request_id"'));
  expect(failed.length).toBeLessThanOrEqual(10 + Math.ceil(seconds));
});

test('health checks and issuer documents work while the audit is unavailable', async () => {
  expect((await ask('GET ~/healthz')).status).toBe(200);
  expect((await fetch(`${server.issuer}/jwks`)).status).toBe(200);
});
