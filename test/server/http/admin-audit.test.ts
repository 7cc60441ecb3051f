import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';
import { type Ask, asking, moment, plain, problem } from './ask.ts';

interface Line {
  readonly id: number;
  readonly occurred_at: string;
  readonly event: string;
  readonly jti?: string;
  readonly request?: string;
}

let server: TestServer;
let ask: Ask;
let client: TestClient;
let connection: { id: string };
let tenant: { id: string };
let token: string;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
  ({ client, connection, tenant } = await oneConnection(server));
  const { body } = await askToken(server.issuer, withSecret(client, connection));
  token = String(body.access_token);
  await askToken(server.issuer, withSecret({ ...client, client_secret: 'sjs_wrong' }, connection));
});
afterAll(() => server.close());

const lines = async (query: string): Promise<readonly Line[]> =>
  ((await ask(`GET /audit?${query}`)).body as { items: Line[] }).items;
const events = async (query: string) => (await lines(query)).map(({ event }) => event);

describe('the audit API', () => {
  test('finds an issued token by its jti, with every line that names it', async () => {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    expect(await plain(ask(`GET /audit?jti=${claims.jti}`))).toEqual({
      status: 200,
      body: {
        items: [
          expect.objectContaining({
            id: expect.any(Number),
            occurred_at: moment,
            event: 'token.issued',
            outcome: 'ok',
            actor: client.client_id,
            client: client.client_id,
            connection: connection.id,
            jti: claims.jti,
            kid,
            sub: connection.id,
            aud: claims.aud,
            source_ip: '127.0.0.1',
            request_id: expect.any(String),
          }),
        ],
        next: null,
      },
    });
  });

  test('filters by connection, client, tenant, event and all of them together', async () => {
    expect(await events(`connection=${connection.id}&event=connection.created`)).toEqual([
      'connection.created',
    ]);
    expect(await events(`tenant=${tenant.id}&event=tenant.created`)).toEqual(['tenant.created']);
    expect((await events(`client=${client.client_id}`)).toSorted()).toEqual([
      'client.created',
      'token.issued',
      'token.refused',
    ]);
    expect(await events(`client=${client.client_id}&tenant=ten_nobody`)).toEqual([]);
  });

  test('returns the newest line first, in pages without gap or overlap', async () => {
    const all = await lines('limit=200');
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => b - a));
    const paged: Line[] = [];
    let next: string | null = null;
    do {
      const before: string = next === null ? '' : `&before=${next}`;
      const { body } = await ask(`GET /audit?limit=3${before}`);
      paged.push(...(body as { items: Line[] }).items);
      next = (body as { next: string | null }).next;
    } while (next !== null);
    expect(paged).toEqual(all);
  });

  test('filters by time, in any time zone', async () => {
    const all = await lines('limit=200');
    const [newest] = all;
    const since = await lines(`from=${newest?.occurred_at}`);
    expect(since).toContainEqual(newest);
    expect(since.every(({ occurred_at }) => occurred_at === newest?.occurred_at)).toBe(true);
    const hourAhead = new Date(Date.parse(newest?.occurred_at ?? '') + 3_600_000).toISOString();
    expect(await lines(`from=${encodeURIComponent(hourAhead.replace('Z', '+01:00'))}`)).toEqual(since);
    expect(await lines(`from=${hourAhead}`)).toEqual([]);
    expect(await lines('to=2020-01-01T00:00:00Z')).toEqual([]);
  });

  test('contains no token, secret or hash', async () => {
    const { text } = await ask('GET /audit?limit=200');
    for (const secret of [token, client.client_secret, 'sjs_', 'hash', server.adminToken])
      expect(text).not.toContain(secret);
  });

  const faulty: [string, string, string, string][] = [
    ['a limit of 0', 'limit=0', 'limit', 'must be 1 or more'],
    ['a limit of 201', 'limit=201', 'limit', 'must be at most 200'],
    ['a limit that is no number', 'limit=ten', 'limit', 'must be a whole number'],
    ['a limit with a fraction', 'limit=1.5', 'limit', 'must be a whole number'],
    ['a limit in hexadecimal', 'limit=0x10', 'limit', 'must be a whole number'],
    ['a limit with spaces', 'limit=+10', 'limit', 'must be a whole number'],
    ['a day for a time', 'from=2026-01-01', 'from', 'must be a time such as 2027-01-31T12:00:00Z'],
    ['a day that is not', 'to=2026-02-30T00:00:00Z', 'to', 'must be a time such as 2027-01-31T12:00:00Z'],
    ['a word for an id of a line', 'before=newest', 'before', 'must be a whole number'],
    ['a limit given twice', 'limit=1&limit=2', 'limit', 'is given more than once'],
    ['a word of 201 characters', `jti=${'x'.repeat(201)}`, 'jti', 'must be at most 200 characters'],
  ];

  test.each(faulty)('rejects %s by name', async (_title, query, field, message) => {
    expect(await plain(ask(`GET /audit?${query}`))).toEqual(
      problem(400, 'invalid_request', `${field}: ${message}`, [{ field, message }]),
    );
  });

  test('rejects an unknown parameter by name', async () => {
    for (const request of [
      'GET /audit?colour=red',
      'GET /tenants?colour=red',
      'POST /keys/rotate?colour=red',
    ])
      expect(await plain(ask(request))).toEqual(
        problem(400, 'unknown_parameter', 'The parameter colour is unknown.'),
      );
  });
});
