/** More sign-ins or requests than the server can serve: who is refused at once, and who is not. */
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from '@jest/globals';
import { azurePass } from '../../clouds/outside.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const busy = {
  status: 503,
  body: {
    error: 'temporarily_unavailable',
    error_description:
      'The server is busy: too many requests are waiting. Try again after the time in Retry-After.',
  },
};
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const documents = ['/jwks', '/.well-known/openid-configuration'];

test('a flood of refused sign-ins from many addresses shuts out unknown addresses, but no client that signed in before', async () => {
  const clock = { ms: Date.now() };
  server = await testServer({
    config: { limits: { refused_sign_ins: 20 }, trust_proxy: ['127.0.0.1/32'] },
    now: () => clock.ms,
  });
  const { issuer, admin } = server;
  const { client, connection } = await oneConnection(server);
  const good = withSecret(client, connection);
  const known = '192.0.2.1';
  expect((await askToken(issuer, good, from(known))).status).toBe(200);
  const wrong = withSecret({ ...client, client_secret: 'wrong' });
  for (let host = 0; host < 20; host++)
    expect((await askToken(issuer, wrong, from(`198.51.100.${host}`))).status).toBe(401);

  const lines = async () => (await admin.get<{ items: object[] }>('/audit?limit=200')).items.length;
  const before = await lines();
  for (let host = 0; host < 20; host++) {
    expect(await askToken(issuer, wrong, from(`203.0.113.${host}`))).toEqual(busy);
    expect(await askToken(issuer, good, from(`203.0.113.${host}`))).toEqual(busy);
  }
  const { status, headers } = await fetch(`${issuer}/v1/connections/${connection.id}/token`, {
    headers: { authorization: 'Bearer x', 'x-forwarded-for': '203.0.113.99' },
  });
  expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect(await lines()).toBe(before);
  expect(server.logged()).not.toContain('"level":"error"');
  for (const path of documents) expect((await fetch(issuer + path)).status).toBe(200);
  expect((await askToken(issuer, good, from(known))).status).toBe(200);
  clock.ms += 1_000;
  expect((await askToken(issuer, good, from('203.0.113.1'))).status).toBe(200);
}, 60_000);

test('sign-ins whose bodies are aborted shut out no unknown address, and are not in the audit', async () => {
  server = await testServer({ config: { limits: { refused_sign_ins: 20 } }, now: () => 1_800_000_000_000 });
  const { client, connection } = await oneConnection(server);
  const { port } = new URL(server.issuer);
  const head = ['POST /token HTTP/1.1', 'Host: a', 'Content-Type: application/x-www-form-urlencoded'];
  for (let number = 0; number < 25; number++) {
    const socket = connect(Number(port), '127.0.0.1')
      .on('error', () => {})
      .resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end([...head, 'Content-Length: 9', '', 'x'].join('\r\n'));
    await closed;
  }
  expect((await askToken(server.issuer, withSecret(client, connection))).status).toBe(200);
  expect(await server.admin.get('/audit?event=token.refused')).toMatchObject({ items: [] });
}, 60_000);

test('an address whose sign-in failed because of the server is not one from which a client signed in', async () => {
  server = await testServer({
    config: { limits: { refused_sign_ins: 20 }, trust_proxy: ['127.0.0.1/32'] },
    now: () => 1_800_000_000_000,
  });
  const { issuer, folder } = server;
  const { client, connection } = await oneConnection(server);
  const wrong = withSecret({ ...client, client_secret: 'wrong' });
  const rename = (from: string, to: string) => {
    const database = new DatabaseSync(join(folder, 'sojourn.db'));
    database.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    database.close();
  };
  rename('journal', 'lost');
  expect((await askToken(issuer, wrong, from('192.0.2.1'))).status).toBe(503);
  rename('lost', 'journal');
  for (let host = 0; host < 20; host++)
    expect((await askToken(issuer, wrong, from(`198.51.100.${host}`))).status).toBe(401);
  expect(await askToken(issuer, withSecret(client, connection), from('192.0.2.1'))).toEqual(busy);
}, 60_000);

test('a flood of invalid links from many addresses shuts out unknown addresses, but no customer who had a valid one', async () => {
  server = await testServer({
    config: { limits: { refused_sign_ins: 20 }, trust_proxy: ['127.0.0.1/32'] },
    now: () => 1_800_000_000_000,
  });
  const { issuer, admin } = server;
  const { connection } = await oneConnection(server);
  const { url } = await admin.post<{ url: string }>(`/connections/${connection.id}/invitations`, {});
  const open = (link: string, address: string) => fetch(link, from(address));
  expect((await open(url, '192.0.2.1')).status).toBe(200);
  for (let host = 0; host < 20; host++)
    expect((await open(`${issuer}/connect/${host}`, `198.51.100.${host}`)).status).toBe(404);
  const lines = async () => (await admin.get<{ items: object[] }>('/audit?limit=200')).items.length;
  const before = await lines();
  for (const link of [`${issuer}/connect/x`, url, `${url}/events`]) {
    const response = await open(link, '203.0.113.1');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.text()).toContain('The server is busy');
  }
  expect(await lines()).toBe(before);
  expect(server.logged()).not.toContain('"level":"error"');
  expect((await open(url, '192.0.2.1')).status).toBe(200);
  for (const path of documents) expect((await fetch(issuer + path)).status).toBe(200);
}, 60_000);

test('a request beyond the limit of requests in progress gets 503 at once, and documents are served', async () => {
  const hanging: http.ServerResponse[] = [];
  const cloud = http.createServer((_, response) => hanging.push(response));
  await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
  const authority_host = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
  server = await testServer({
    config: { clouds: { azure: { authority_host } }, limits: { requests_in_flight: 10 } },
  });
  const { issuer, admin } = server;
  const guid = '11111111-1111-4111-8111-111111111111';
  const azure = { cloud: 'azure', target: { tenant_id: guid, client_id: guid } };
  const { client, connection, tenant } = await oneConnection(server, azure);
  const ids = [connection.id];
  for (let number = 1; number < 10; number++)
    ids.push(
      (await admin.post<{ id: string }>('/connections', { name: 'more', tenant: tenant.id, ...azure })).id,
    );
  const { client_id, client_secret } = await admin.post<typeof client>('/clients', {
    name: 'all',
    may_use: [{ tenant: tenant.id }],
  });
  const { body } = await askToken(issuer, {
    ...withSecret({ client_id, client_secret }),
    resource: 'urn:sojourn:api',
  });
  const headers = { authorization: `Bearer ${String(body.access_token)}` };
  const exchanges = ids.map((id) => fetch(`${issuer}/v1/connections/${id}/credentials`, { headers }));
  while (hanging.length < 10) await new Promise((resolve) => setTimeout(resolve, 5));

  for (const path of ['/token', '/nowhere', '/connect/x']) {
    const response = await fetch(issuer + path, { method: 'POST' });
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '1',
      expect.objectContaining({ code: 'server_busy', ...busy.body }),
    ]);
  }
  for (const path of documents) expect((await fetch(issuer + path)).status).toBe(200);
  const metrics = await (await fetch(`${server.adminOrigin}/metrics`)).text();
  expect(metrics).toContain(
    'sojourn_http_requests_total{listener="public",route="unread",method="unread",status="503"} 3',
  );
  for (const response of hanging)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(azurePass));
  expect((await Promise.all(exchanges)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect((await askToken(issuer, withSecret(client, connection))).status).toBe(200);
  cloud.closeAllConnections();
  await new Promise((resolve) => cloud.close(resolve));
}, 60_000);

test('requests whose bodies do not arrive keep no other caller out: a new one replaces the oldest', async () => {
  server = await testServer({ config: { limits: { requests_in_flight: 10 } } });
  const { client, connection } = await oneConnection(server);
  const { port } = new URL(server.issuer);
  const head = ['POST /token HTTP/1.1', 'Host: a', 'Content-Type: application/x-www-form-urlencoded'];
  const closed: number[] = [];
  for (let number = 0; number < 10; number++) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    socket
      .once('close', () => closed.push(number))
      .write([...head, 'Content-Length: 9', '', 'x'].join('\r\n'));
  }
  // Until the server has read them all.
  while (closed.length === 0)
    expect((await askToken(server.issuer, withSecret(client, connection))).status).toBe(200);
  expect(closed[0]).toBe(0);
}, 60_000);
