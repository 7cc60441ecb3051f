/** Many customers from one file, against a real server: made once, told always, and safe to run again. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { progressHeader } from '../../../src/tools/cli/import/index.ts';
import { type TestServer, testServer } from '../../support/server.ts';
import { runCommand } from './arrange.ts';

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'sojourn-import-'));
beforeAll(async () => {
  server = await testServer();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const run = (...args: string[]) =>
  runCommand(['connection', 'import', ...args], {
    SOJOURN_ADMIN_URL: server.adminOrigin,
    SOJOURN_ADMIN_TOKEN: server.adminToken,
  });
interface Item {
  readonly id: string;
  readonly name: string;
}
const list = async (what: string) => (await server.admin.get<{ items: Item[] }>(`/${what}?limit=200`)).items;
const count = async () => [(await list('tenants')).length, (await list('connections')).length];
const rowsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

const role = 'arn:aws:iam::111122223333:role/vendor';
const customers = `name,tenant,role_arn,account_id,external_id,labels
prod,Acme,${role},,their-external-id,env=prod
staging,Acme,,444455556666,,
=cmd,Beta,,777788889999,,
`;

test('an import creates tenants, connections and invitations once and lists their states', async () => {
  writeFileSync(at('customers.csv'), customers);
  const first = await run(at('customers.csv'), '--output', at('progress.csv'));
  expect([first.code, first.out, first.err]).toEqual([
    0,
    '',
    '3 listed: 3 pending. Created 3 connections and 3 links.\n',
  ]);
  expect(await count()).toEqual([2, 3]);
  const written = readFileSync(at('progress.csv'), 'utf8');
  expect(statSync(at('progress.csv')).mode & 0o777).toBe(0o600);
  expect(existsSync(at('progress.csv.new'))).toBe(false);
  const rows = rowsOf(written);
  expect(rows.map(([name, tenant, , state]) => [name, tenant, state])).toEqual([
    ['prod', 'Acme', 'pending'],
    ['staging', 'Acme', 'pending'],
    [`"'=cmd"`, 'Beta', 'pending'],
  ]);
  for (const [, , , , url] of rows) expect((await fetch(url!)).status).toBe(200);

  const prod = await server.admin.get<object>(`/connections/${rows[0]![2]}`);
  expect(prod).toMatchObject({
    target: { role_arn: role },
    labels: { env: 'prod', 'aws-account': '111122223333' },
    state: 'pending',
  });
  const page = await (await fetch(rows[0]![4]!)).text();
  expect(page).toContain('Keep your role, with a script');

  const again = await run(at('customers.csv'), '--output', at('progress.csv'));
  expect([again.code, again.err]).toEqual([0, '3 listed: 3 pending. Created 0 connections and 0 links.\n']);
  expect(readFileSync(at('progress.csv'), 'utf8')).toBe(written);
  expect(await count()).toEqual([2, 3]);

  // A revoked link leaves the list: the import creates a new one.
  const [, , id = ''] = rows[0]!;
  const [{ id: invitation = '' } = {}] = await list(`connections/${id}/invitations`);
  await runCommand(['connection', 'invitations', 'revoke', id, invitation], {
    SOJOURN_ADMIN_URL: server.adminOrigin,
    SOJOURN_ADMIN_TOKEN: server.adminToken,
  });
  await run(at('customers.csv'), '--output', at('progress.csv'));
  const renewed = rowsOf(readFileSync(at('progress.csv'), 'utf8'));
  expect(renewed[0]![4]).not.toBe(rows[0]![4]);
  expect((await fetch(renewed[0]![4]!)).status).toBe(200);
  expect(renewed.slice(1)).toEqual(rows.slice(1));
  rows[0] = renewed[0]!;

  // Without the list the open links are unknown. They stay valid, and only --new-links replaces them.
  const blind = await run(at('customers.csv'), '--json');
  const { items } = JSON.parse(blind.out) as { items: { invitation: string; expires_at: string }[] };
  expect(items.map(({ invitation, expires_at }) => [invitation, expires_at])).toEqual(
    rows.map(([, , , , , expires]) => ['', expires]),
  );
  const anew = await run(at('customers.csv'), '--new-links');
  expect(anew.err).toBe('3 listed: 3 pending. Created 0 connections and 3 links.\n');
  for (const [, , , , url] of rowsOf(anew.out)) expect((await fetch(url!)).status).toBe(200);
  const secrets = [...rows, ...rowsOf(anew.out)].map(([, , , , url = '']) => url.split('/').at(-1)!);
  for (const secret of [...secrets, 'their-external-id']) expect(server.logged()).not.toContain(secret);
});

test('an import of a file with errors creates nothing, whichever line they are in', async () => {
  const before = await count();
  writeFileSync(at('faulty.csv'), `name,tenant,account_id\nnew,New,111122223333\nother,New,1\n,New,\n`);
  const ended = await run(at('faulty.csv'), '--output', at('none.csv'));
  expect([ended.code, ended.out, ended.err]).toEqual([
    1,
    '',
    'line 3, account_id: must be 12 digits; a spreadsheet may have removed leading zeros\n' +
      'line 4, name: must not be empty\n' +
      'line 4, role_arn: is missing, as is account_id; give one of them\n' +
      '→ Correct the fields that the detail names, then send the request again.\n',
  ]);
  writeFileSync(
    at('foreign.csv'),
    `name,tenant,account_id\nnew,New,111122223333\nother,ten_none,111122223333\n`,
  );
  expect((await run(at('foreign.csv'))).err).toContain('line 3, tenant: does not exist\n');
  expect([await count(), existsSync(at('none.csv'))]).toEqual([before, false]);
});

test('an import that failed is completed by the same command, which creates nothing twice', async () => {
  writeFileSync(at('half.csv'), `name,tenant,account_id\none,Half,111122223333\ntwo,Half,444455556666\n`);
  const failed = await run(at('half.csv'), '--permissions', 'none');
  expect(failed.code).toBe(1);
  expect(failed.err).toContain('Run it again: it creates nothing twice.\n');
  expect(failed.err).toContain('permissions: must be empty: setup.permissions has no permission set for aws');
  const before = await count();
  const ended = await run(at('half.csv'));
  expect(ended.err).toMatch(/^2 listed: 2 pending\. Created \d connections? and 2 links\.\n$/);
  const connections = (await list('connections')).map(({ name }) => name);
  expect(connections.filter((name) => name === 'one' || name === 'two').toSorted()).toEqual(['one', 'two']);
  expect((await count())[0]).toBe(before[0]);
});

test('an import whose list cannot be written creates nothing', async () => {
  const before = await count();
  writeFileSync(at('late.csv'), `name,tenant,account_id\nlate,Late,111122223333\n`);
  const ended = await run(at('late.csv'), '--output', at('no/where.csv'));
  expect([ended.code, ended.err]).toEqual([
    2,
    `--output: ${at('no/where.csv')} cannot be written (ENOENT).\n`,
  ]);
  expect(await count()).toEqual(before);
});

test('the progress list keeps the links of other imports, also after a spreadsheet saved it in its own format', async () => {
  const line = (name: string, account: string) => `name,tenant,account_id\n${name},Batches,${account}\n`;
  writeFileSync(at('batch-1.csv'), line('=one', '111122223333'));
  writeFileSync(at('batch-2.csv'), line('two', '444455556666'));
  const output = ['--output', at('batches.csv')];
  expect((await run(at('batch-1.csv'), ...output)).code).toBe(0);
  const first = readFileSync(at('batches.csv'), 'utf8');
  expect((await run(at('batch-2.csv'), ...output)).err).toBe(
    '1 listed: 1 pending. Created 1 connection and 1 link.\n',
  );
  const both = readFileSync(at('batches.csv'), 'utf8');
  expect(both.startsWith(first)).toBe(true);
  for (const [, , , , url] of rowsOf(both)) expect((await fetch(url!)).status).toBe(200);

  const saved = both.replaceAll(',', ';').replaceAll('"', '').trim().replaceAll('\n', '\r\n');
  for (const text of [`\ufeff${saved}`, saved.replaceAll(';', '\t'), first]) {
    writeFileSync(at('batches.csv'), text);
    expect((await run(at('batch-1.csv'), ...output)).err).toBe(
      '1 listed: 1 pending. Created 0 connections and 0 links.\n',
    );
    expect(readFileSync(at('batches.csv'), 'utf8')).toBe(text === first ? first : both);
  }
});

test('an import continues the list of a failed import', async () => {
  writeFileSync(at('torn.csv'), `name,tenant,account_id\na,Torn,111122223333\nb,Torn,444455556666\n`);
  const output = ['--output', at('torn-list.csv')];
  expect((await run(at('torn.csv'), '--permissions', 'none', ...output)).code).toBe(1);
  expect(readFileSync(at('torn-list.csv'), 'utf8')).toBe(progressHeader);
  expect((await run(at('torn.csv'), ...output)).code).toBe(0);
  const whole = readFileSync(at('torn-list.csv'), 'utf8');
  // A row that a full disk truncated.
  writeFileSync(at('torn-list.csv'), `${whole}c,"To`);
  expect((await run(at('torn.csv'), ...output)).err).toBe(
    '2 listed: 2 pending. Created 0 connections and 0 links.\n',
  );
  expect(readFileSync(at('torn-list.csv'), 'utf8')).toBe(whole);
});

test.each([
  ['with customers', Buffer.from('name,tenant,account_id\nlate,Late,111122223333\n')],
  ['with an additional column', Buffer.from(`${progressHeader.trim()},sent\na,b,con_1,pending,,,yes\n`)],
  ['that is not UTF-8', Buffer.from(`${progressHeader}J\xfcrgen,b,con_1,pending,,\n`, 'latin1')],
])('an import does not overwrite a file %s with its list, and creates nothing', async (_, bytes) => {
  const before = await count();
  writeFileSync(at('late.csv'), `name,tenant,account_id\nlate,Late,111122223333\n`);
  writeFileSync(at('other.csv'), bytes, { mode: 0o644 });
  const ended = await run(at('late.csv'), '--output', at('other.csv'));
  expect([ended.code, ended.out, ended.err]).toEqual([
    2,
    '',
    `--output: ${at('other.csv')} exists and is not a progress list (UTF-8, with the columns name, tenant, connection, state, invitation, expires_at). Give another file.\n`,
  ]);
  expect([await count(), readFileSync(at('other.csv')), statSync(at('other.csv')).mode & 0o777]).toEqual([
    before,
    bytes,
    0o644,
  ]);
});

test('an import leaves connections alone whose principal is shared by customers', async () => {
  const guid = '0b5c1a52-8f0e-4d2a-9a61-2f0c2c2f5a11';
  const consent_redirect_uri = 'https://vendor.example/consented';
  const { id: tenant } = await server.admin.post<Item>('/tenants', { name: 'Directory' });
  const shared = await server.admin.post<Item>('/connections', {
    ...{ name: 'prod', tenant, cloud: 'azure' },
    target: { tenant_id: guid, client_id: guid, consent_redirect_uri },
  });
  const before = [await count(), await server.admin.get(`/connections/${shared.id}`)];
  const other = '99999999-2222-4333-8444-555555555555';
  const advice = '→ Correct the fields that the detail names, then send the request again.\n';
  const known = 'known columns are name, tenant, role_arn, account_id, external_id, region, labels';
  for (const [table, faults] of [
    [
      `name,tenant,tenant_id,client_id\nprod,Directory,${other},${guid}\n`,
      `line 1: has an unknown column "tenant_id"; ${known}\nline 1: has an unknown column "client_id"; ${known}\n`,
    ],
    [
      `name,tenant,role_arn\nprod,Directory,${role}\n`,
      `line 2, name: belongs to ${shared.id}, which is not a connection to AWS\n`,
    ],
  ] as const) {
    writeFileSync(at('directory.csv'), table);
    expect(await run(at('directory.csv'))).toEqual({ code: 1, out: '', err: faults + advice });
  }
  expect([await count(), await server.admin.get(`/connections/${shared.id}`)]).toEqual(before);
});

test('an import for a preset creates its connections, and one for an unknown destination nothing', async () => {
  writeFileSync(at('clusters.csv'), 'name,tenant,server\nk8s,Cluster,https://k8s.acme.example:6443\n');
  const unknown = await run(at('clusters.csv'), '--cloud', 'azure');
  expect([unknown.code, unknown.err]).toEqual([
    2,
    expect.stringMatching(/--cloud must be one of aws, .*kubernetes/),
  ]);
  const { out, err } = await run(at('clusters.csv'), '--cloud', 'kubernetes');
  expect(err).toBe('1 listed: 1 pending. Created 1 connection and 1 link.\n');
  const [[, , id] = []] = rowsOf(out);
  expect(await server.admin.get<object>(`/connections/${id}`)).toMatchObject({
    cloud: 'kubernetes',
    target: { server: 'https://k8s.acme.example:6443' },
  });
});
