import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Audit } from '../../../src/platform/audit/index.ts';
import type { SojournError } from '../../../src/platform/errors/index.ts';
import { createKnownAddresses, createRequestLimits } from '../../../src/platform/limits/index.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { createUnauthenticatedCallers } from '../../../src/server/http/public/unauthenticated-callers.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';

describe('the failure limit of an address', () => {
  const limit = (perMinute = 6) => {
    const clock = { ms: 0 };
    const now = () => clock.ms;
    const audit: Pick<Audit, 'record' | 'count'> = { record: async () => {}, count: () => {} };
    const many = 1_000_000;
    const { signIns } = createUnauthenticatedCallers({
      audit: audit as Audit,
      now,
      failedSignIns: perMinute,
      refusedSignIns: many,
      knownAddresses: createKnownAddresses(now),
      limits: createRequestLimits({
        ...{ audit: audit as Audit, now, perAddress: many, perClient: many, perInvitation: many },
      }),
    });
    const contextOf = (source_ip: string) => ({ source_ip, request_id: 'r' });
    /** How many of these failures reached the limit. */
    const fail = async (address: string, times: number): Promise<number> => {
      let reached = 0;
      for (let time = 0; time < times; time++) {
        if (await signIns.recordFailure(contextOf(address))) reached += 1;
      }
      return reached;
    };
    const wait = (address: string): Promise<number> =>
      signIns.admit(contextOf(address)).then(
        () => 0,
        (error: SojournError) => error.retryAfter ?? Number.NaN,
      );
    return { clock, wait, fail };
  };

  test('is reached after the failures of one minute, is reported once, and refills', async () => {
    const { clock, wait, fail } = limit();
    expect([await fail('192.0.2.1', 5), await wait('192.0.2.1')]).toEqual([0, 0]);
    expect([await fail('192.0.2.1', 1), await wait('192.0.2.1')]).toEqual([1, 10]);
    clock.ms += 9_999;
    expect(await wait('192.0.2.1')).toBe(1);
    clock.ms += 1;
    expect(await wait('192.0.2.1')).toBe(0);
    expect([await fail('192.0.2.1', 1), await wait('192.0.2.1')]).toEqual([1, 10]);
    clock.ms += 120_000;
    expect([await fail('192.0.2.1', 5), await wait('192.0.2.1')]).toEqual([0, 0]);
  });

  test('is separate for each IPv4 address and each IPv6 /64', async () => {
    const { wait, fail } = limit();
    await fail('2001:db8:0:1::1', 6);
    const addresses = ['2001:db8:0:1:ffff::2', '2001:0db8:0000:0001:0:0:0:9', '2001:db8:0:2::1'];
    expect(await Promise.all([...addresses, '192.0.2.1', '::1'].map(wait))).toEqual([10, 10, 0, 0, 0]);
  });

  test('does not refill when the clock is set back', async () => {
    const { clock, wait, fail } = limit();
    await fail('192.0.2.1', 6);
    clock.ms -= 3_600_000;
    expect(await wait('192.0.2.1')).toBe(10);
  });
});

describe('the limit of failed sign-ins', () => {
  let server: TestServer;
  let client: TestClient;
  let connection: { id: string };
  let hour = Date.now();
  beforeAll(async () => {
    server = await testServer({
      config: { limits: { failed_sign_ins: 5 }, trust_proxy: ['127.0.0.1/32'] },
      now: () => hour,
    });
    ({ client, connection } = await oneConnection(server));
  });
  // No account fills during a test, however long that takes.
  beforeEach(() => {
    hour = Date.now();
  });
  afterAll(() => server.close());

  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  test('answers 429 to the guessing address, also with the right secret, and not to the client at other addresses', async () => {
    const wrong = { ...client, client_secret: `${client.client_secret}x` };
    const guess = (given: TestClient, address: string) =>
      askToken(server.issuer, withSecret(given, connection), from(address));
    for (let times = 0; times < 5; times++) expect((await guess(wrong, '192.0.2.1')).status).toBe(401);
    for (const given of [wrong, client]) {
      expect(await guess(given, '192.0.2.1')).toEqual({
        status: 429,
        body: {
          error: 'temporarily_unavailable',
          error_description: 'Too many requests. Try again after the time in Retry-After.',
        },
      });
    }
    expect((await guess(client, '192.0.2.2')).status).toBe(200);
    const response = await fetch(`${server.issuer}/token`, { method: 'POST', ...from('192.0.2.1') });
    await response.text();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '12']);
    // The documents are never limited: clouds fetch them as often as they like.
    expect((await call({ url: `${server.issuer}/jwks`, ...from('192.0.2.1') })).status).toBe(200);

    const { items } = await server.admin.get<{ items: Record<string, unknown>[] }>(
      '/audit?event=sign_in.rate_limited',
    );
    expect(items).toEqual([
      expect.objectContaining({ event: 'sign_in.rate_limited', outcome: 'refused', source_ip: '192.0.2.1' }),
    ]);
  });

  const lines = async (event: string, address: string) =>
    (
      await server.admin.get<{ items: { source_ip?: string }[] }>(`/audit?limit=200&event=${event}`)
    ).items.filter((line) => line.source_ip === address);
  const post = async (address: string, init: RequestInit, query = '') => {
    const headers = { ...(init.headers as Record<string, string>), ...from(address).headers };
    const response = await fetch(`${server.issuer}/token${query}`, { method: 'POST', ...init, headers });
    return { status: response.status, body: (await response.json()) as { error: string } };
  };
  const form = (fields: Record<string, string>) => ({ body: new URLSearchParams(fields) });

  const unproven: [string, RequestInit, string?][] = [
    ['nothing', form({})],
    ['a parameter that is not served', form({ scope: 'x' })],
    ['no client', form({ grant_type: 'client_credentials' })],
    [
      'a broken header',
      { ...form({ grant_type: 'client_credentials' }), headers: { authorization: 'Basic' } },
    ],
    ['no form', { body: '{}', headers: { 'content-type': 'application/json' } }],
    ['a body that is too long', form({ state: 'x'.repeat(20_000) })],
    ['its parameters in the URL', form({}), '?client_secret=x'],
  ];
  test.each(unproven)(
    'counts a request with %s, so that no unauthenticated caller can flood the audit',
    async (name, init, query = '') => {
      const address = `198.51.100.${1 + unproven.findIndex(([one]) => one === name)}`;
      const statuses: number[] = [];
      for (let times = 0; times < 8; times++) statuses.push((await post(address, init, query)).status);
      const refused = init.body instanceof URLSearchParams && init.body.has('state') ? 413 : 400;
      expect(statuses).toEqual([...Array(5).fill(refused), 429, 429, 429]);
      expect((await lines('token.refused', address)).length).toBe(5);
      expect((await lines('sign_in.rate_limited', address)).length).toBe(1);
    },
  );

  test('counts invalid tokens at /v1; a valid token still works from other addresses', async () => {
    const address = '192.0.2.9';
    const { body } = await askToken(server.issuer, { ...withSecret(client), resource: 'urn:sojourn:api' });
    const good = `Bearer ${String(body.access_token)}`;
    const url = `${server.issuer}/v1/connections/${connection.id}/token`;
    const ask = async (authorization: string, at = address) => {
      const response = await fetch(url, { headers: { authorization, ...from(at).headers } });
      const { code } = (await response.json()) as { code?: string };
      return [response.status, code, response.headers.get('retry-after')];
    };
    for (const wrong of ['', 'Bearer x', 'Basic eDp5', `${good}x`, 'Bearer'])
      expect(await ask(wrong)).toEqual([401, 'unauthorized', null]);
    for (const any of ['', 'Bearer x', good]) expect(await ask(any)).toEqual([429, 'rate_limited', '12']);
    expect(await ask(good, '192.0.2.10')).toEqual([200, undefined, null]);
    // One account for both, or a guess in one place would be free in the other.
    expect((await post(address, form(withSecret(client, connection)))).status).toBe(429);
    expect((await lines('api.refused', address)).length).toBe(5);
    expect((await lines('sign_in.rate_limited', address)).length).toBe(1);
  });

  test('does not count refusals of authenticated clients', async () => {
    const { tenant } = await oneConnection(server);
    const other = await server.admin.post<TestClient>('/clients', {
      name: 'o',
      may_use: [{ tenant: tenant.id }],
    });
    for (let times = 0; times < 8; times++) {
      const answer = await askToken(server.issuer, withSecret(other, connection), from('192.0.2.3'));
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_target']);
      const unreadable = { ...withSecret(other), resource: 'no URI' };
      expect((await askToken(server.issuer, unreadable, from('192.0.2.3'))).status).toBe(400);
    }
    expect((await askToken(server.issuer, withSecret(client, connection), from('192.0.2.3'))).status).toBe(
      200,
    );
  });
});
