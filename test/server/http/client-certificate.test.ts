/** Clients that sign in with a certificate over our own TLS (RFC 8705 section 2). */

import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { invalidClient } from '../../access/federation/workloads.ts';
import {
  type Authority,
  type Pair,
  postForm,
  selfSigned,
  startAuthority,
  type TlsAnswer,
  type Wanted,
} from '../../support/authority.ts';
import { oneConnection, type TestClient, type TestServer, testServer } from '../../support/server.ts';

let folder: string;
let server: TestServer;
let port: number;
let connection: string;
let withSecret: TestClient;
let authority: Authority;
let other: Authority;

const dns = (value: string) => ({ type: 2 as const, value });
const uri = (value: string) => ({ type: 6 as const, value });
const spiffe = 'spiffe://prod.example.com/billing';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-mtls-'));
  authority = await startAuthority('Acme clients');
  // An attacker's may have the very same name.
  other = await startAuthority('Acme clients');
  const { cert, key } = await selfSigned({ purpose: 'serverAuth' });
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
  await writeFile(join(folder, 'ca.pem'), `Our authority:\n${authority.cert}`);
  port = await freePort();
  server = await testServer({
    port,
    config: {
      listen: {
        public: `127.0.0.1:${port}`,
        admin: '127.0.0.1:0',
        tls: { ...files, client_ca: join(folder, 'ca.pem') },
      },
    },
  });
  const made = await oneConnection(server);
  withSecret = made.client;
  connection = made.connection.id;
}, 60_000);
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const client = async (auth: object): Promise<string> =>
  (
    await server.admin.post<TestClient>('/clients', {
      name: 'backend',
      auth: { method: 'tls', ...auth },
      may_use: [{ connection }],
    })
  ).client_id;
const as = (client_id: string) => ({ grant_type: 'client_credentials', client_id });
const plain = ({ status, body }: TlsAnswer) => ({ status, body });
const newest = async () =>
  (await server.admin.get<{ items: Record<string, unknown>[] }>('/audit?limit=1')).items[0];

const issued = {
  status: 200,
  body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
};

describe('a client that is identified by a name in its certificate', () => {
  const names: [string, object, Wanted][] = [
    ['a DNS name', { san_dns: 'deployer.acme.example' }, { names: [dns('deployer.acme.example')] }],
    ['a URI', { san_uri: spiffe }, { names: [dns('first.example'), uri(spiffe)] }],
    ['an address', { san_ip: '10.0.0.7' }, { names: [{ type: 7, ip: '10.0.0.7' }] }],
    [
      'an e-mail address',
      { san_email: 'ops@acme.example' },
      { names: [{ type: 1, value: 'ops@acme.example' }] },
    ],
    [
      'its subject',
      { subject_dn: 'CN=deployer,O=Acme' },
      {
        subject: [
          { name: 'organizationName', value: 'Acme' },
          { name: 'commonName', value: 'deployer' },
        ],
      },
    ],
  ];
  test.each(names)('signs in by %s, and the audit names the certificate', async (_title, auth, wanted) => {
    const id = await client(auth);
    const pair = await authority.issue(wanted);
    expect(plain(await postForm(port, as(id), pair))).toEqual(issued);
    const certificate = new X509Certificate(pair.cert);
    expect(await newest()).toMatchObject({
      event: 'token.issued',
      client: id,
      facts: {
        auth: 'tls',
        certificate: createHash('sha256').update(certificate.raw).digest('base64url'),
        subject: certificate.subject.replaceAll('\n', ', '),
        expires_at: certificate.validToDate.toISOString(),
      },
    });
    expect(server.logged()).not.toContain(pair.cert.split('\n')[1]);
  });

  const name = 'deployer.acme.example';
  const refused: [string, () => Promise<Partial<Pair>>, RegExp][] = [
    ['no certificate', async () => ({}), /the connection has no client certificate/],
    [
      'one of another authority of the same name',
      () => other.issue({ names: [dns(name)] }),
      /not trusted: (UNABLE_TO|CERT_SIGNATURE_FAILURE|UNABLE)/,
    ],
    ['one that it has made itself', () => selfSigned({ names: [dns(name)] }), /not trusted: /],
    [
      'one that has expired',
      () => authority.issue({ names: [dns(name)], days: [-9, -2] }),
      /CERT_HAS_EXPIRED/,
    ],
    [
      'one that is not valid yet',
      () => authority.issue({ names: [dns(name)], days: [2, 9] }),
      /CERT_NOT_YET_VALID/,
    ],
    [
      'one that is for servers',
      () => authority.issue({ names: [dns(name)], purpose: 'serverAuth' }),
      /INVALID_PURPOSE/,
    ],
    [
      'that of another client',
      () => authority.issue({ names: [dns('other.acme.example')] }),
      /for CN=somebody with DNS:other\.acme\.example, not for the san_dns "deployer\.acme\.example"$/,
    ],
    ['one with a wildcard', () => authority.issue({ names: [dns('*.acme.example')] }), /not for the san_dns/],
    ['one with the name as a URI', () => authority.issue({ names: [uri(name)] }), /not for the san_dns/],
    [
      'one with the name as its common name',
      () => authority.issue({ subject: [{ name: 'commonName', value: name }] }),
      /not for the san_dns/,
    ],
    [
      'one whose name looks like two',
      () => authority.issue({ names: [dns(`evil.example, DNS:${name}`)] }),
      /not for the san_dns/,
    ],
    [
      'one whose name goes on behind a zero byte',
      () => authority.issue({ names: [dns(`${name}\0.evil.example`)] }),
      /not for the san_dns/,
    ],
  ];
  test.each(refused)('with %s gets the same answer as an unknown client', async (_title, make, reason) => {
    const id = await client({ san_dns: name });
    expect(plain(await postForm(port, as(id), await make()))).toEqual(invalidClient);
    expect(await newest()).toMatchObject({
      event: 'token.refused',
      client: id,
      reason: expect.stringMatching(reason),
    });
  });

  test('is refused if it also sends a secret or an assertion, or if it is disabled', async () => {
    const id = await client({ san_dns: name });
    const pair = await authority.issue({ names: [dns(name)] });
    for (const more of [{ client_secret: withSecret.client_secret }, { client_secret: 'x' }])
      expect(plain(await postForm(port, { ...as(id), ...more }, pair))).toEqual(invalidClient);
    await server.admin.patch(`/clients/${id}`, { disabled: true });
    expect(plain(await postForm(port, as(id), pair))).toEqual(invalidClient);
    expect(plain(await postForm(port, as('cli_00000000000000000000000000'), pair))).toEqual(invalidClient);
  });
});

describe('a listener with client authorities', () => {
  test('serves other clients without a certificate, and ignores one that they send', async () => {
    const form = { ...as(withSecret.client_id), client_secret: withSecret.client_secret };
    for (const pair of [{}, await other.issue({})])
      expect(plain(await postForm(port, form, pair))).toEqual(issued);
    expect(plain(await postForm(port, as(withSecret.client_id), await authority.issue()))).toEqual(
      invalidClient,
    );
  });

  test('serves discovery without a certificate, with both TLS authentication methods', async () => {
    const document = await new Promise<string>((resolve, reject) => {
      https
        .get(
          {
            host: '127.0.0.1',
            port,
            path: '/.well-known/openid-configuration',
            rejectUnauthorized: false,
            agent: false,
          },
          async (answer) => {
            let text = '';
            for await (const chunk of answer) text += String(chunk);
            resolve(text);
          },
        )
        .once('error', reject);
    });
    const { token_endpoint_auth_methods_supported, ...rest } = JSON.parse(document) as Record<
      string,
      unknown
    >;
    expect(token_endpoint_auth_methods_supported).toEqual([
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ]);
    expect(rest).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
  });

  test('keeps the certificate of the handshake on a kept-alive connection and a resumed session', async () => {
    const id = await client({ san_uri: spiffe });
    const pair = await authority.issue({ names: [uri(spiffe)] });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ...pair });
    for (let n = 0; n < 3; n++) expect((await postForm(port, as(id), { ...pair, agent })).status).toBe(200);
    agent.destroy();
    const first = await postForm(port, as(id), pair);
    expect(first.session).toBeDefined();
    // The certificate is in the session; it is not sent again.
    const again = await postForm(port, as(id), { session: first.session! });
    expect({ ...plain(again), resumed: again.resumed }).toEqual({ ...issued, resumed: true });
    const strange = await postForm(port, as(id));
    const stranger = await postForm(port, as(id), { session: strange.session! });
    expect({ ...plain(stranger), resumed: stranger.resumed }).toEqual({ ...invalidClient, resumed: true });
  });
});

describe('a client that is identified by its registered certificates', () => {
  test('signs in with each registered certificate and no other, also with an expired one', async () => {
    const [one, two] = [await selfSigned(), await selfSigned({ days: [-9, -2] })];
    const id = await client({ self_signed: true, certificates: [one.cert, two.cert] });
    expect(plain(await postForm(port, as(id), one))).toEqual(issued);
    expect((await newest())?.facts).not.toHaveProperty('expired');
    expect(plain(await postForm(port, as(id), two))).toEqual(issued);
    expect(await newest()).toMatchObject({ client: id, facts: { auth: 'tls', expired: true } });
    for (const pair of [{}, await selfSigned(), await authority.issue()])
      expect(plain(await postForm(port, as(id), pair))).toEqual(invalidClient);
    expect((await newest())?.reason).toMatch(/unregistered client certificate/);
  });

  test('cannot present a certificate without its private key', async () => {
    const [one, stranger] = [await selfSigned(), await selfSigned()];
    const id = await client({ self_signed: true, certificates: [one.cert] });
    await expect(postForm(port, as(id), { cert: one.cert, key: stranger.key })).rejects.toThrow();
  });

  test('can be registered by a JWKS, and the admin API shows when its certificates expire', async () => {
    const pair = await selfSigned();
    const certificate = new X509Certificate(pair.cert);
    const jwk = {
      ...certificate.publicKey.export({ format: 'jwk' }),
      x5c: [certificate.raw.toString('base64')],
    };
    const id = await client({ self_signed: true, jwks: { keys: [jwk] } });
    expect(plain(await postForm(port, as(id), pair))).toEqual(issued);
    expect(await server.admin.get(`/clients/${id}`)).toMatchObject({
      auth: { method: 'tls', self_signed: true, certificates: [certificate.toString().trim()] },
      certificates: [
        {
          sha256: expect.stringMatching(/^[\w-]{43}$/),
          subject: 'CN=somebody',
          expires_at: certificate.validToDate.toISOString(),
        },
      ],
    });
  });
});

/** What the server says on this connection until it ends it, when asked for a token there. */
const askOn = async (connection: Duplex, form: Record<string, string>): Promise<string> => {
  const body = new URLSearchParams(form).toString();
  let text = '';
  connection.on('data', (chunk) => {
    text += String(chunk);
  });
  // However it ends.
  connection.on('error', () => undefined);
  const ended = new Promise((resolve) => connection.once('close', resolve));
  connection.write(
    `POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await ended;
  return text;
};

test('a change of the client authorities ends connections that the old ones verified, without a restart', async () => {
  const id = await client({ san_uri: spiffe });
  const [old, fresh] = [
    await authority.issue({ names: [uri(spiffe)] }),
    await other.issue({ names: [uri(spiffe)] }),
  ];
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ...old });
  const kept = await postForm(port, as(id), { ...old, agent });
  expect(plain(kept)).toEqual(issued);
  // Two that have asked nothing yet: one whose certificate is verified, and one that has not even shown it.
  const silent = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...old });
  await once(silent, 'secureConnect');
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await writeFile(join(folder, 'ca.new'), other.cert);
  await rename(join(folder, 'ca.new'), join(folder, 'ca.pem'));
  while (!server.logged().includes('reloaded the TLS certificate')) await wait(50);
  expect(plain(await postForm(port, as(id), fresh))).toEqual(issued);
  for (const how of [{ ...old, agent }, old, { session: kept.session! }]) {
    const answer = await postForm(port, as(id), how);
    expect(plain(answer)).toEqual(invalidClient);
  }
  agent.destroy();
  expect(await askOn(silent, as(id))).toBe('');
  const late = tls.connect({ socket, rejectUnauthorized: false, ...old });
  expect(await askOn(late, as(id))).toBe('');
  const anew = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...fresh });
  expect(await askOn(anew, as(id))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
}, 60_000);
