/** `sojourn doctor` against a real server, behind proxies that modify responses. */
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { oneConnection, type TestServer, testServer } from '../../support/server.ts';
import { sojourn } from './arrange.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Passing {
  readonly path: string;
  status: number;
  headers: Record<string, string>;
  body: string;
}
type Spoil = (passing: Passing) => void;

/** Starts a proxy to `target` that modifies the responses. */
async function front(port: number, target: string, spoil: Spoil): Promise<void> {
  const listener = createServer(async (request, response) => {
    const path = request.url ?? '';
    const { authorization } = request.headers as IncomingHttpHeaders;
    const answer = await fetch(target + path, { headers: authorization ? { authorization } : {} });
    const passing: Passing = {
      path,
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      body: await answer.text(),
    };
    spoil(passing);
    response.writeHead(passing.status, passing.headers).end(passing.body);
  });
  await new Promise<void>((resolve) => {
    listener.listen(port, '127.0.0.1', resolve);
  });
  endings.push(
    () =>
      new Promise((resolve) => {
        listener.close(resolve);
        listener.closeAllConnections();
      }),
  );
}

/** A server whose public listener is behind such a proxy. */
async function behind(spoil: Spoil): Promise<TestServer> {
  const [port, inner] = [await freePort(), await freePort()];
  const listen = { public: `127.0.0.1:${inner}`, admin: '127.0.0.1:0' };
  const server = await testServer({ port, config: { listen } });
  endings.push(server.close);
  await front(port, `http://127.0.0.1:${inner}`, spoil);
  return server;
}

async function direct(options: Parameters<typeof testServer>[0] = {}): Promise<TestServer> {
  const server = await testServer(options);
  endings.push(server.close);
  return server;
}

interface Check {
  readonly name: string;
  readonly outcome: string;
  readonly detail: string;
  readonly advice: string | null;
}

async function examined(server: TestServer, adminUrl = server.adminOrigin, ...args: string[]) {
  const env = { SOJOURN_ADMIN_URL: adminUrl, SOJOURN_ADMIN_TOKEN: server.adminToken };
  const { code, out, err } = await sojourn(['doctor', '--json', ...args], env);
  const checks = err === '' ? (JSON.parse(out) as { checks: Check[] }).checks : [];
  return { code, err, checks, of: (name: string) => checks.find((check) => check.name === name) };
}

const json = (change: (document: Record<string, unknown>) => void, at: RegExp): Spoil => {
  return (passing) => {
    if (!at.test(passing.path)) return;
    const document = JSON.parse(passing.body) as Record<string, unknown>;
    change(document);
    passing.body = JSON.stringify(document);
  };
};
const discovery = (change: (document: Record<string, unknown>) => void) =>
  json(change, /openid-configuration/);
type Keys = Record<string, unknown>[];
const jwks = (change: (keys: Keys) => void) => json((document) => change(document.keys as Keys), /\/jwks/);

describe('sojourn doctor finds another issuer', () => {
  test('of connections', async () => {
    const server = await direct();
    const { connection } = await oneConnection(server);
    const port = await freePort();
    const trusted = json((page) => {
      for (const item of page.items as Record<string, unknown>[]) item.issuer = 'https://id.example.com';
    }, /\/connections/);
    await front(port, server.adminOrigin, trusted);
    const { code, of } = await examined(server, `http://127.0.0.1:${port}`);
    expect({ code, check: of('issuer') }).toEqual({
      code: 1,
      check: {
        name: 'issuer',
        outcome: 'failed',
        detail: `the server is ${server.issuer}, and the connection ${connection.id} has the issuer https://id.example.com`,
        advice: 'Set `issuer` to the one that the customers trust, and restart the server.',
      },
    });
  }, 60_000);

  test('in the configuration with which the server will start next', async () => {
    const server = await direct();
    const file = join(server.folder, 'next.yaml');
    await writeFile(file, 'issuer: https://id.example.com\ntrust_proxy: [10.0.0.0/8]\n');
    const { code, of } = await examined(server, server.adminOrigin, '--config', file);
    expect({ code, check: of('issuer') }).toEqual({
      code: 1,
      check: {
        name: 'issuer',
        outcome: 'failed',
        detail: `the server is ${server.issuer}, and the configuration names https://id.example.com: the next start will fail`,
        advice: `Set \`issuer\` to ${server.issuer} again.`,
      },
    });
  }, 60_000);
});

describe('sojourn doctor, with a healthy server,', () => {
  test('passes every check except the one for short key times', async () => {
    const server = await direct();
    const { code, err, checks } = await examined(server);
    const passed = (name: string, detail: unknown) => ({ name, outcome: 'passed', detail, advice: null });
    const { issuer, adminOrigin } = server;
    const answers = (path: string) => expect.stringMatching(`^${issuer}${path} answers in \\d+ ms$`);
    expect({ code, err, checks }).toEqual({
      code: 0,
      err: '',
      checks: [
        passed('issuer', issuer),
        passed('discovery', answers('/.well-known/openid-configuration')),
        passed('jwks', answers('/jwks')),
        passed('admin_listener', `not served at ${issuer}; this machine reaches it at ${adminOrigin}`),
        passed('clock', expect.stringMatching(/^the clocks of the server and this machine differ by \d s$/)),
        passed('store', 'reads and writes'),
        passed('keys', expect.stringMatching(/^signing with /)),
        {
          name: 'short_key_times',
          outcome: 'warned',
          detail: expect.stringMatching(/^keys.allow_short_times is on/),
          advice: 'Remove keys.allow_short_times from the configuration.',
        },
        passed('key_ring', expect.stringMatching(/^\w+ in use since \S+Z, \w+ in use since \S+Z$/)),
        passed('connections', '0 active, 0 pending, 0 failing, 0 disabled'),
        passed('shared_secrets', 'no client has a secret'),
      ],
    });
  }, 60_000);

  test('prints the checks in aligned lines with the advice below', async () => {
    const server = await direct();
    const env = { SOJOURN_ADMIN_URL: server.adminOrigin, SOJOURN_ADMIN_TOKEN: server.adminToken };
    const { code, out } = await sojourn(['doctor'], env);
    const lines = out.split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toBe('NAME             OUTCOME  DETAIL');
    expect(lines[11]).toBe('shared_secrets   passed   no client has a secret');
    expect(lines.slice(12)).toEqual([
      '',
      '→ short_key_times: Remove keys.allow_short_times from the configuration.',
      '',
    ]);
  }, 60_000);

  test('warns if its clock was set since the start', async () => {
    const set = { ms: 0 };
    const server = await direct({ now: () => Date.now() + set.ms, steadyNow: Date.now });
    set.ms = 120_000;
    const { of } = await examined(server);
    expect(of('key_clock')).toEqual({
      name: 'key_clock',
      outcome: 'warned',
      detail:
        'keys are not activated or removed: the clock of this server has jumped 120 s forward since its start',
      advice:
        'Synchronize the clock of the server by NTP and restart it; docs/keys.md explains how keys with wrong times recover.',
    });
  }, 60_000);

  test("checks a tenant's own issuer", async () => {
    const server = await direct();
    const tenant = await server.admin.post<{ id: string; issuer: string }>('/tenants', {
      name: 'Acme',
      own_issuer: true,
      own_keys: true,
    });
    const { code, of } = await examined(server, server.adminOrigin, '--tenant', tenant.id);
    expect(code).toBe(0);
    expect(of('jwks')).toMatchObject({
      outcome: 'passed',
      detail: expect.stringContaining(`/t/${tenant.id}/jwks answers`),
    });
  }, 60_000);
});

describe('sojourn doctor, from outside,', () => {
  const wanted = (name: string, issuer: string) => `${name} is "http://x" and not "${issuer}`;

  test.each<[string, Spoil, (issuer: string) => string]>([
    [
      'another issuer',
      discovery((it) => (it.issuer = 'http://x')),
      (issuer) => `${wanted('issuer', issuer)}"`,
    ],
    [
      'a slash behind the issuer',
      discovery((it) => (it.issuer += '/')),
      (issuer) => `issuer is "${issuer}/" and not "${issuer}"`,
    ],
    [
      'another jwks_uri',
      discovery((it) => (it.jwks_uri = 'http://x')),
      (issuer) => `${wanted('jwks_uri', issuer)}/jwks"`,
    ],
    [
      'no subject types',
      discovery((it) => delete it.subject_types_supported),
      () => 'subject_types_supported is missing',
    ],
    [
      'no algorithms',
      discovery((it) => (it.id_token_signing_alg_values_supported = [])),
      () => 'id_token_signing_alg_values_supported is missing',
    ],
    [
      'a redirect',
      (it) => Object.assign(it, { status: 301, headers: { location: 'https://x/' } }),
      () => 'it answers 301, a redirect to https://x/',
    ],
    ['a challenge', (it) => (it.status = 403), () => 'it answers 403'],
    [
      'a web page',
      (it) => Object.assign(it, { headers: { 'content-type': 'text/html' }, body: '<p>' }),
      () => 'its content type is text/html; it is not a JSON object',
    ],
  ])(
    'reports %s in the discovery document as failed',
    async (_, spoil, why) => {
      const server = await behind((passing) => {
        if (passing.path.includes('openid-configuration')) spoil(passing);
      });
      const { code, of } = await examined(server);
      expect(code).toBe(1);
      expect(of('discovery')).toEqual({
        name: 'discovery',
        outcome: 'failed',
        detail: `${server.issuer}/.well-known/openid-configuration: ${why(server.issuer)}`,
        advice:
          'Compare the response of this URL with that of the public listener: a proxy or cache between them redirects, caches, changes or refuses it. The server must send the whole certificate chain.',
      });
      expect(of('jwks')).toMatchObject({ outcome: 'passed' });
    },
    60_000,
  );

  test.each<[string, Spoil, (kid: string) => string]>([
    ['a missing key', jwks((keys) => keys.shift()), (kid) => `the key ${kid} is missing`],
    [
      'another key under a kid',
      jwks((keys) => Object.assign(keys[0]!, { use: 'enc' })),
      (kid) => `the key ${kid} differs`,
    ],
    [
      'a key with key_ops',
      jwks((keys) => Object.assign(keys[0]!, { key_ops: ['verify'] })),
      (kid) => `the key ${kid} differs; the key ${kid} has key_ops`,
    ],
    [
      'a key of somebody else',
      jwks((keys) => keys.push({ kty: 'EC', kid: 'mine' })),
      () => 'the server does not publish the key mine',
    ],
    [
      'too many keys',
      jwks((keys) => keys.push(...(Array(5).fill(keys[0]) as Keys))),
      (kid) => `it has 9 keys, more than 8; the key ${kid} differs`,
    ],
  ])(
    'reports %s in the JWKS as failed',
    async (_, spoil, why) => {
      const server = await behind(spoil);
      const answer = (await server.admin.get(`/issuer`)) as { jwks: { keys: { kid: string }[] } };
      const { code, of } = await examined(server);
      expect(code).toBe(1);
      expect(of('jwks')).toMatchObject({
        outcome: 'failed',
        detail: `${server.issuer}/jwks: ${why(answer.jwks.keys[0]!.kid)}`,
      });
    },
    60_000,
  );

  test('reports an unreachable issuer as failed and still runs all other checks', async () => {
    const [port, inner] = [await freePort(), await freePort()];
    const listen = { public: `127.0.0.1:${inner}`, admin: '127.0.0.1:0' };
    const server = await direct({ port, config: { listen } });
    const { code, checks, of } = await examined(server);
    expect(code).toBe(1);
    expect(of('discovery')).toMatchObject({
      outcome: 'failed',
      detail: `${server.issuer}/.well-known/openid-configuration: 127.0.0.1:${port} could not be reached. (ECONNREFUSED)`,
    });
    expect(checks).toHaveLength(11);
  }, 60_000);

  test('reports an admin listener that is reachable at the issuer as failed', async () => {
    const [port, admin] = [await freePort(), await freePort()];
    const listen = { public: `127.0.0.1:${await freePort()}`, admin: `127.0.0.1:${admin}` };
    const server = await direct({ port, config: { listen } });
    await front(port, `http://127.0.0.1:${admin}`, () => undefined);
    expect((await examined(server)).of('admin_listener')).toEqual({
      name: 'admin_listener',
      outcome: 'failed',
      detail: `${server.issuer} serves /admin/v1/keys, /metrics, /healthz`,
      advice: 'Configure the reverse proxy to forward to listen.public only.',
    });
  }, 60_000);
});

describe('sojourn doctor, about the server itself,', () => {
  test.each([
    [3_600, 'failed', 1],
    [30, 'warned', 0],
  ])(
    'reports a clock that is %d s off as %s',
    async (seconds, outcome, exit) => {
      const server = await direct();
      const port = await freePort();
      await front(port, server.adminOrigin, (passing) => {
        passing.headers.date = new Date(Date.now() + seconds * 1000).toUTCString();
      });
      const { code, of } = await examined(server, `http://127.0.0.1:${port}`);
      expect(code).toBe(exit);
      expect(of('clock')).toMatchObject({
        outcome,
        detail: expect.stringMatching(/^the clocks of the server and this machine differ by \d+ s$/),
      });
    },
    60_000,
  );

  test('counts connections by state', async () => {
    const server = await direct();
    const { tenant } = await oneConnection(server);
    const { id } = await server.admin.post<{ id: string }>('/connections', {
      name: 'off',
      tenant: tenant.id,
      cloud: 'azure',
      target: {},
    });
    await server.admin.post(`/connections/${id}/disable`, undefined);
    expect((await examined(server)).of('connections')).toMatchObject({
      outcome: 'passed',
      detail: '0 active, 1 pending, 0 failing, 1 disabled',
    });
  }, 60_000);

  test('warns of a shared secret that is older than 90 days', async () => {
    const server = await direct({ now: () => Date.now() - 100 * 86_400_000 });
    const { client } = await oneConnection(server);
    const { code, of } = await examined(server);
    expect(code).toBe(0);
    expect(of('shared_secrets')).toEqual({
      name: 'shared_secrets',
      outcome: 'warned',
      detail: '1 secret of 1 client, the oldest 100 days old',
      advice: `Replace the secret of ${client.client_id}, or use private_key_jwt, which shares no secret.`,
    });
  }, 60_000);
});

test('sojourn doctor reports in one sentence that no server answers', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  expect(await sojourn(['doctor'], { SOJOURN_ADMIN_URL: url, SOJOURN_ADMIN_TOKEN: 'x'.repeat(32) })).toEqual({
    code: 1,
    out: '',
    err: `No server answers at ${url}.\n→ Start one with \`sojourn serve\`, or give the URL of another one with --url.\n`,
  });
}, 60_000);
