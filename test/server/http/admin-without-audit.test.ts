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

test('an act that cannot be written into the audit is not confirmed', async () => {
  const answer = await ask('POST /clients', { body: { name: 'unseen' } });
  expect({ status: answer.status, body: answer.body }).toEqual(
    problem(503, 'audit_unavailable', 'The audit log cannot be written, so the server issues nothing.'),
  );
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(answer.text).not.toContain('sjs_');
});

test('a stranger is let in by that as little as ever', async () => {
  const headers = { authorization: 'Bearer somebody' };
  expect((await plain(ask('GET /tenants', { headers }))).status).toBe(503);
});

test('the probes and the keys go on', async () => {
  expect((await ask('GET ~/healthz')).status).toBe(200);
  expect((await fetch(`${server.issuer}/jwks`)).status).toBe(200);
});
