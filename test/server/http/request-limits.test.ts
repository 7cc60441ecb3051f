/** Who asks too much hears 429 or 503, and nobody else notices. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../../src/sandbox/demo/http.ts';
import { azurePass } from '../../clouds/outside.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';

const tooMany = {
  status: 429,
  body: {
    error: 'temporarily_unavailable',
    error_description: 'Too many requests. Try again after the time in Retry-After.',
  },
};
const refusal = (status: number, title: string, code: string, detail: string, advice: string) => ({
  status,
  body: {
    type: `urn:sojourn:error:${code}`,
    title,
    status,
    code,
    detail,
    advice,
    request_id: expect.any(String),
  },
});
const tooManyProblem = refusal(
  429,
  'Too Many Requests',
  'rate_limited',
  'Too many requests.',
  'Try again after the time in Retry-After.',
);

const from = (address: string) => ({ 'x-forwarded-for': address });

describe('the request limit', () => {
  // A bucket holds five seconds' worth: ten of a client, fifteen of an address.
  const limits = { requests_per_client: 2, requests_per_address: 3 };
  const clock = { ms: Date.now() };
  let server: TestServer;
  let client: TestClient;
  let other: TestClient;
  let connection: { id: string };
  const unused = Array.from({ length: 100 }, (_, host) => `192.0.2.${host}`);
  /** An address that nobody has asked from yet. */
  const elsewhere = () => unused.pop() ?? '';

  beforeAll(async () => {
    const trust_proxy = ['127.0.0.1/32'];
    server = await testServer({ config: { limits, trust_proxy }, now: () => clock.ms });
    ({ client, connection } = await oneConnection(server));
    other = await server.admin.post<TestClient>('/clients', {
      name: 'other',
      may_use: [{ connection: connection.id }],
    });
  }, 60_000);
  afterAll(() => server.close());

  const ask = (given: TestClient, at: string) =>
    askToken(server.issuer, withSecret(given, connection), { headers: from(at) });
  const v1 = async (at: string, token = 'x') => {
    const url = `${server.issuer}/v1/connections/${connection.id}/token`;
    const headers = { authorization: `Bearer ${token}`, ...from(at) };
    const { status, body } = await call({ url, headers });
    return { status, body: JSON.parse(body) as Record<string, unknown> };
  };
  const lines = async (query: string) =>
    (await server.admin.get<{ items: Record<string, unknown>[] }>(`/audit?limit=200&${query}`)).items;
  const statuses = async (times: number, work: () => Promise<{ status: number }>) => {
    const found: number[] = [];
    for (let time = 0; time < times; time++) found.push((await work()).status);
    return found;
  };

  test('answers 429 to an address over its limit, for /token and /v1 together, and never for the issuer documents', async () => {
    expect(new Set(await statuses(15, () => v1('198.51.100.1')))).toEqual(new Set([401]));
    expect(await v1('198.51.100.1')).toEqual(tooManyProblem);
    expect(await ask(client, '198.51.100.1')).toEqual(tooMany);
    const response = await fetch(`${server.issuer}/token`, { method: 'POST', headers: from('198.51.100.1') });
    await response.text();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    for (const path of ['/jwks', '/.well-known/openid-configuration'])
      expect((await call({ url: server.issuer + path, headers: from('198.51.100.1') })).status).toBe(200);
    expect((await ask(client, elsewhere())).status).toBe(200);
    const told = (await lines('event=request.rate_limited')).map(
      ({ id, occurred_at, request_id, ...line }) => line,
    );
    expect(told).toEqual([
      {
        event: 'request.rate_limited',
        outcome: 'refused',
        actor: 'unknown',
        ...{
          source_ip: '198.51.100.1',
          reason: 'limits.requests_per_address',
        },
      },
    ]);
    clock.ms += 60_000;
    expect((await ask(client, '198.51.100.1')).status).toBe(200);
  });

  test('answers 429 to an address over its limit on every other path too, but never for the documents', async () => {
    const paths = ['/nowhere', '/t/ten_00000000000000000000000000/jwks', '/connect/x', '/connect/x/events'];
    for (const path of paths) {
      const headers = from(elsewhere());
      const get = () => call({ url: server.issuer + path, headers });
      expect(new Set(await statuses(15, get))).toEqual(new Set([404]));
      expect((await get()).status).toBe(429);
      expect((await call({ method: 'PUT', url: `${server.issuer}/jwks`, headers })).status).toBe(429);
      for (const document of ['/jwks', '/.well-known/openid-configuration'])
        expect(new Set(await statuses(30, () => call({ url: server.issuer + document, headers })))).toEqual(
          new Set([200]),
        );
    }
    clock.ms += 60_000;
  });

  test('counts an IPv6 /64 as one address, and every spelling of an IPv4 address as the same', async () => {
    const one = ['2001:db8:0:1::1', '2001:DB8::1:ffff:2:3:4', '2001:0db8:0000:0001:0:0:0:9'];
    for (const at of one) expect(await statuses(5, () => v1(at))).toEqual(Array(5).fill(401));
    for (const at of one) expect((await v1(at)).status).toBe(429);
    expect((await v1('2001:db8:0:2::1')).status).toBe(401);

    const mapped = ['203.0.113.7', '::ffff:203.0.113.7', '::FFFF:cb00:7107', '0:0:0:0:0:ffff:203.0.113.7'];
    for (const at of mapped.slice(0, 3)) await statuses(5, () => v1(at));
    for (const at of mapped) expect((await v1(at)).status).toBe(429);
    expect((await v1('::ffff:203.0.113.8')).status).toBe(401);
  });

  test('answers 429 to a client over its limit from any address, and issues nothing', async () => {
    clock.ms += 60_000;
    const issued = async () => (await lines(`event=token.issued&client=${client.client_id}`)).length;
    const before = await issued();
    // Whoever names the client without its secret takes nothing from it.
    const stranger = { ...client, client_secret: 'wrong' };
    expect(new Set(await statuses(12, () => ask(stranger, elsewhere())))).toEqual(new Set([401]));
    const { body } = await askToken(
      server.issuer,
      { ...withSecret(client), resource: 'urn:sojourn:api' },
      { headers: from(elsewhere()) },
    );
    expect(new Set(await statuses(9, () => ask(client, elsewhere())))).toEqual(new Set([200]));
    expect(await ask(client, elsewhere())).toEqual(tooMany);
    const { status, headers } = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      headers: from(elsewhere()),
      body: new URLSearchParams(withSecret(client, connection)),
    });
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    expect(await v1(elsewhere(), String(body.access_token))).toEqual(tooManyProblem);
    expect(await issued()).toBe(before + 10);
    expect((await ask(other, elsewhere())).status).toBe(200);
    // Neither a line for each of its refusals nor none.
    const told = await lines(`event=request.rate_limited&client=${client.client_id}`);
    expect(told).toEqual([
      expect.objectContaining({ actor: client.client_id, reason: 'limits.requests_per_client' }),
    ]);
    clock.ms += 1_000;
    expect(await statuses(3, () => ask(client, elsewhere()))).toEqual([200, 200, 429]);
  });
});

describe('exchanges with clouds', () => {
  test('of a tenant whose cloud hangs do not block other tenants, and those over the limit get 503', async () => {
    const guid = (digit: string) => `${digit.repeat(8)}-1111-4111-8111-111111111111`;
    const hanging: http.ServerResponse[] = [];
    let asked = 0;
    const answer = (response: http.ServerResponse) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(azurePass));
    const cloud = http.createServer((request, response) => {
      asked += 1;
      if (request.url?.includes(guid('a'))) hanging.push(response);
      else answer(response);
    });
    await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
    const authority_host = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
    const server = await testServer({
      config: {
        clouds: { azure: { authority_host } },
        limits: { concurrent_exchanges: 4, concurrent_exchanges_per_tenant: 2 },
      },
    });
    try {
      const connect = async (digit: string, tenant: { id: string }) =>
        server.admin.post<{ id: string }>('/connections', {
          name: 'prod',
          tenant: tenant.id,
          cloud: 'azure',
          target: {
            tenant_id: guid(digit),
            client_id: guid(digit),
          },
        });
      const [slow, quick] = [
        await server.admin.post<{ id: string }>('/tenants', { name: 'Slow' }),
        await server.admin.post<{ id: string }>('/tenants', { name: 'Quick' }),
      ];
      const client = await server.admin.post<TestClient>('/clients', {
        name: 'deployer',
        may_use: [{ tenant: slow.id }, { tenant: quick.id }],
      });
      const token = await askToken(server.issuer, { ...withSecret(client), resource: 'urn:sojourn:api' });
      const credentials = async ({ id }: { id: string }) => {
        const url = `${server.issuer}/v1/connections/${id}/credentials`;
        const answered = await fetch(url, {
          headers: { authorization: `Bearer ${String(token.body.access_token)}` },
        });
        const body = (await answered.json()) as unknown;
        return { status: answered.status, retryAfter: answered.headers.get('retry-after'), body };
      };
      const ofSlow = await Promise.all(Array.from({ length: 5 }, () => connect('a', slow)));
      const ofQuick = await Promise.all(Array.from({ length: 5 }, () => connect('b', quick)));

      let answered = 0;
      const flood = ofSlow.map(async (one) => {
        const got = await credentials(one);
        answered += 1;
        return got;
      });
      const others = await Promise.all(ofQuick.map(credentials));
      expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect([answered, hanging.length]).toEqual([0, 2]);

      expect(await Promise.race(flood)).toEqual({
        retryAfter: '1',
        ...refusal(
          503,
          'Service Unavailable',
          'overloaded',
          'The server is overloaded: too many exchanges with clouds are in progress.',
          'Try again after the time in Retry-After, and spread your requests over time.',
        ),
      });
      // The others have waited as long; who is let in meanwhile would hang as well.
      while (answered < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const response of hanging) answer(response);
      const all = (await Promise.all(flood)).map(({ status }) => status);
      expect(all.toSorted()).toEqual([200, 200, 503, 503, 503]);
      // Who was turned away never reached the cloud.
      expect(asked).toBe(7);
    } finally {
      await server.close();
      cloud.closeAllConnections();
      await new Promise((resolve) => cloud.close(resolve));
    }
  }, 60_000);
});
