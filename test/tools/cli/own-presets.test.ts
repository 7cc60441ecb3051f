/** Commands on a machine without the operator's folder of presets: they read them from the server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestServer, testServer } from '../../support/server.ts';
import { recorder, runCommand, sojourn } from './arrange.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-own-'));
const table = join(folder, 'customers.csv');
let server: TestServer;
beforeAll(async () => {
  const acme = readFileSync(join(import.meta.dirname, '../../tokens/exchange/acme.yaml'), 'utf8');
  const pinning = acme.replace('  keys: discovery\n', '  keys: discovery\n  pins_certificate: true\n');
  writeFileSync(join(folder, 'acme.yaml'), pinning);
  writeFileSync(table, 'name,tenant,role\nprod,Acme,vendor\n');
  server = await testServer({ config: { presets: { folder } } });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Of another process, which has only the built-in presets. */
const run = (args: readonly string[], url = server.adminOrigin) =>
  sojourn(args, { SOJOURN_ADMIN_URL: url, SOJOURN_ADMIN_TOKEN: server.adminToken });

test('the admin API lists the presets of the folder with their defaults', async () => {
  expect(await server.admin.get('/presets')).toEqual({
    items: [expect.objectContaining({ id: 'acme', version: 1, dangers: expect.any(Array) })],
  });
});

test('an import has the inputs of such a preset as columns', async () => {
  const { code, err } = await run(['connection', 'import', table, '--cloud', 'acme']);
  expect([code, err]).toEqual([0, '1 listed: 1 pending. Created 1 connection and 1 link.\n']);
  expect(await server.admin.get('/connections')).toMatchObject({
    items: [{ name: 'prod', cloud: 'acme', target: { role: 'vendor' } }],
  });
});

test('an import for an unknown cloud names such a preset among those that it knows', async () => {
  const { code, err } = await run(['connection', 'import', table, '--cloud', 'acmee']);
  expect([code, err]).toEqual([2, expect.stringMatching(/--cloud must be one of aws, .*\bacme\./)]);
});

test('the doctor knows that a service of such a preset stores the fingerprint of the certificate', async () => {
  // The issuer of the test server has no certificate, so the answer is changed.
  const proxy = http.createServer(async ({ url = '', headers }, response) => {
    const { authorization = '' } = headers;
    const answer = await fetch(server.adminOrigin + url, { headers: { authorization } });
    const body = (await answer.text()).replace(
      `"issuer":"${server.issuer}"`,
      '"issuer":"https://127.0.0.1:1"',
    );
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { out } = await run(
    ['doctor', '--json'],
    `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  );
  proxy.close();
  const { checks } = JSON.parse(out) as { checks: { name: string; detail: string }[] };
  const { items } = await server.admin.get<{ items: { id: string }[] }>('/connections');
  expect(checks.find(({ name }) => name === 'certificate')?.detail).toBe(
    `the certificate could not be read, and its fingerprint is stored for ${items[0]?.id} (acme)`,
  );
});

test('a preset of another version is an error that names it', async () => {
  const other = await recorder();
  other.answers = { 'GET /admin/v1/presets': { body: { items: [{ id: 'acme', next: true }] } } };
  const { code, err } = await runCommand(['connection', 'import', table, '--cloud', 'none'], {
    SOJOURN_ADMIN_URL: other.origin,
    SOJOURN_ADMIN_TOKEN: server.adminToken,
  });
  other.close();
  expect([code, err]).toEqual([
    1,
    'The preset "acme" of the server is of another version.\n→ Use the `sojourn` command of the same version as the server.\n',
  ]);
});
