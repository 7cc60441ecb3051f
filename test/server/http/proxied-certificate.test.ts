/** Client certificates behind a proxy that ends TLS: its header is believed, and the same header of anybody else is not. */
import { X509Certificate } from 'node:crypto';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { invalidClient } from '../../access/federation/workloads.ts';
import { type Pair, selfSigned } from '../../support/authority.ts';
import { oneConnection, type TestClient, type TestServer, testServer } from '../../support/server.ts';

let server: TestServer;
let named: string;
let registered: string;
let pair: Pair;
let escaped: string;
let der: string;

const proxy = '127.0.0.2';
const name = 'deployer.acme.example';

async function start(header: string): Promise<TestServer> {
  const port = await freePort();
  return testServer({
    port,
    config: {
      listen: { public: `127.0.0.1:${port}`, admin: '127.0.0.1:0', client_certificate_header: header },
      trust_proxy: [`${proxy}/32`],
    },
  });
}

async function clients(one: TestServer): Promise<[named: string, registered: string]> {
  const { connection } = await oneConnection(one);
  const make = async (auth: object) =>
    (
      await one.admin.post<TestClient>('/clients', {
        name: 'backend',
        auth: { method: 'tls', ...auth },
        may_use: [{ connection: connection.id }],
      })
    ).client_id;
  return [await make({ san_dns: name }), await make({ self_signed: true, certificates: [pair.cert] })];
}

beforeAll(async () => {
  // What the proxy has verified is not verified again, so this one may stand for one that an authority gave.
  pair = await selfSigned({ names: [{ type: 2, value: name }] });
  escaped = encodeURIComponent(pair.cert);
  der = `:${new X509Certificate(pair.cert).raw.toString('base64')}:`;
  server = await start('Client-Cert');
  [named, registered] = await clients(server);
}, 60_000);
afterAll(() => server?.close());

/** As a proxy would send it on; `headers` as pairs, so that one can be there twice. */
function post(
  one: TestServer,
  clientId: string,
  headers: readonly string[],
  localAddress = proxy,
): Promise<{ status: number | undefined; body: unknown }> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId }).toString();
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${one.issuer}/token`,
      {
        method: 'POST',
        localAddress,
        agent: false,
        headers: [
          ...['host', '127.0.0.1', 'content-type', 'application/x-www-form-urlencoded'],
          ...['content-length', String(body.length)],
          ...headers,
        ],
      },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({ status: response.statusCode, body: JSON.parse(text) as unknown });
      },
    );
    request.once('error', reject).end(body);
  });
}

const reason = async (one = server) =>
  (await one.admin.get<{ items: { reason?: string }[] }>('/audit?limit=1')).items[0]?.reason;
const issued = {
  status: 200,
  body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
};

describe('a certificate header from a trusted proxy', () => {
  test('authenticates the client, in both formats of the header', async () => {
    for (const value of [der, escaped]) {
      for (const id of [named, registered])
        expect(await post(server, id, ['Client-Cert', value])).toEqual(issued);
    }
  });

  const spoiled: [string, () => string[], RegExp][] = [
    ['is missing', () => [], /the proxy sent no certificate in the header client-cert/],
    ['is empty', () => ['Client-Cert', ''], /the proxy sent no certificate/],
    ['is there twice', () => ['Client-Cert', der, 'client-cert', der], /has the header client-cert 2 times/],
    ['is a list', () => ['Client-Cert', `${der}, ${der}`], /is not a single certificate/],
    ['has parameters', () => ['Client-Cert', `${der};a=1`], /is not a single certificate/],
    ['is cut off', () => ['Client-Cert', `${der.slice(0, 200)}:`], /is not a single certificate/],
    ['has more bytes', () => ['Client-Cert', `${der.slice(0, -1)}AAAA:`], /is not a single certificate/],
    ['is base64 alone', () => ['Client-Cert', der.slice(1, -1)], /is not a single certificate/],
    ['has two certificates', () => ['Client-Cert', escaped + escaped], /is not a single certificate/],
    [
      'is PEM with a key',
      () => ['Client-Cert', encodeURIComponent(pair.cert + pair.key)],
      /is not a single certificate/,
    ],
    ['is badly escaped', () => ['Client-Cert', '%E0%A4%A'], /is not a single certificate/],
    ['is a word', () => ['Client-Cert', 'NONE'], /is not a single certificate/],
  ];
  test.each(spoiled)('authenticates no client if it %s', async (_title, headers, why) => {
    for (const id of [named, registered]) {
      expect(await post(server, id, headers())).toEqual(invalidClient);
      expect(await reason()).toMatch(why);
    }
    expect(server.logged()).not.toContain(der.slice(1, 80));
  });

  test('authenticates no client with a certificate for another name or an expired one', async () => {
    const [other, expired] = [
      await selfSigned({ names: [{ type: 2, value: 'other.example' }] }),
      await selfSigned({ names: [{ type: 2, value: name }], days: [-9, -2] }),
    ];
    expect(await post(server, named, ['Client-Cert', encodeURIComponent(other.cert)])).toEqual(invalidClient);
    expect(await reason()).toMatch(/not for the san_dns/);
    expect(await post(server, named, ['Client-Cert', encodeURIComponent(expired.cert)])).toEqual(
      invalidClient,
    );
    expect(await reason()).toMatch(/the certificate has expired/);
  });
});

describe('a certificate header from any other peer', () => {
  test('is ignored, also with forged forwarding headers', async () => {
    const without = await post(server, named, [], '127.0.0.1');
    expect(without).toEqual(invalidClient);
    const why = await reason();
    for (const value of [der, escaped]) {
      for (const id of [named, registered]) {
        for (const more of [[], ['X-Forwarded-For', proxy], ['Forwarded', `for=${proxy}`]]) {
          expect(await post(server, id, ['Client-Cert', value, ...more], '127.0.0.1')).toEqual(without);
          expect(await reason()).toBe(why);
        }
      }
    }
    expect(why).toBe('invalid_client: no client certificate: the connection has no client certificate');
  });
});

test('a load balancer that does not verify certificates authenticates only clients with a registered certificate', async () => {
  const passing = await start('X-Amzn-Mtls-Clientcert');
  try {
    const [byName, byItself] = await clients(passing);
    expect(await post(passing, byName, ['X-Amzn-Mtls-Clientcert', escaped])).toEqual(invalidClient);
    expect(await reason(passing)).toMatch(
      /the proxy does not verify the certificate in x-amzn-mtls-clientcert$/,
    );
    expect(await post(passing, byItself, ['X-Amzn-Mtls-Clientcert', escaped])).toEqual(issued);
  } finally {
    await passing.close();
  }
}, 60_000);

test('a server that requests no client certificates says so in the audit and in discovery', async () => {
  const plain = await testServer();
  try {
    const [byName] = await clients(plain);
    expect(await post(plain, byName, ['Client-Cert', der])).toEqual(invalidClient);
    expect(await reason(plain)).toBe(
      'invalid_client: no client certificate: this server requests no client certificate: set listen.tls.client_ca or listen.client_certificate_header',
    );
    const discovery = await fetch(`${plain.issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    });
  } finally {
    await plain.close();
  }
}, 60_000);
