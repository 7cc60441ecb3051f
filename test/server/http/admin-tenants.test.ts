import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, byAdmin, idOf, moment, newestLine, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
});
afterAll(() => server.close());

const make = async (name: string) => (await ask('POST /tenants', { body: { name } })).body as { id: string };
describe('the tenants API', () => {
  test('creates, shows, renames and deletes a tenant, and records each change in the audit', async () => {
    const made = await ask('POST /tenants', { body: { name: 'Acme' } });
    const tenant = {
      id: idOf('ten'),
      name: 'Acme',
      issuer: server.issuer,
      created_at: moment,
      own_issuer: false,
      own_keys: null,
      updated_at: moment,
    };
    expect({ status: made.status, body: made.body }).toEqual({ status: 201, body: tenant });
    expect(made.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(made.headers.get('cache-control')).toBe('no-store');
    const at = (made.body as { id: string }).id;
    expect(await newestLine(ask)).toEqual({ event: 'tenant.created', ...byAdmin, tenant: at });

    expect(await plain(ask(`GET /tenants/${at}`))).toEqual({ status: 200, body: made.body });

    const renamed = { ...(made.body as object), name: 'Acme Ltd', updated_at: moment };
    expect(await plain(ask(`PATCH /tenants/${at}`, { body: { name: 'Acme Ltd' } }))).toEqual({
      status: 200,
      body: renamed,
    });
    expect(await newestLine(ask)).toEqual({ event: 'tenant.updated', ...byAdmin, tenant: at });

    const removed = await ask(`DELETE /tenants/${at}`);
    expect({ status: removed.status, text: removed.text }).toEqual({ status: 204, text: '' });
    expect(await newestLine(ask)).toEqual({ event: 'tenant.deleted', ...byAdmin, tenant: at });

    for (const request of [`GET /tenants/${at}`, `DELETE /tenants/${at}`])
      expect(await plain(ask(request))).toEqual(problem(404, 'tenant_not_found', 'There is no such tenant.'));
    expect(await newestLine(ask)).toEqual({ event: 'tenant.deleted', ...byAdmin, tenant: at });
  });

  test('lists tenants in pages without gap or overlap', async () => {
    const made: { id: string }[] = [];
    for (const name of ['one', 'two', 'three', 'four', 'five']) made.push(await make(name));
    const seen: unknown[] = [];
    let after = '';
    const sizes: number[] = [];
    do {
      const { body } = await ask(`GET /tenants?limit=2${after}`);
      const { items, next } = body as { items: unknown[]; next: string | null };
      seen.push(...items);
      sizes.push(items.length);
      after = next === null ? '' : `&after=${next}`;
    } while (after !== '');
    expect(seen).toEqual(made);
    expect(sizes).toEqual([2, 2, 1]);
    expect(await plain(ask('GET /tenants'))).toEqual({ status: 200, body: { items: made, next: null } });
  });

  test('does not delete a tenant with connections, which keep working', async () => {
    const tenant = await make('busy');
    const connection = { name: 'prod', tenant: tenant.id, cloud: 'aws', target: {} };
    expect((await ask('POST /connections', { body: connection })).status).toBe(201);
    expect(await plain(ask(`DELETE /tenants/${tenant.id}`))).toEqual(
      problem(409, 'tenant_not_empty', 'The tenant still has connections.'),
    );
    expect((await ask(`GET /tenants/${tenant.id}`)).status).toBe(200);
    expect((await ask('POST /connections', { body: connection })).status).toBe(201);
  });

  const faulty: [string, unknown, string, string][] = [
    ['no name', {}, 'name', 'is missing'],
    ['an empty name', { name: '  ' }, 'name', 'must not be empty'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name', 'must have at most 100 characters'],
    ['a line break in the name', { name: 'a\nb' }, 'name', 'must not contain control characters'],
    ['a name that is a number', { name: 7 }, 'name', 'invalid input: expected string, received number'],
    ['an unknown member', { name: 'x', id: 'ten_mine' }, 'id', 'is not known here'],
    ['a list for a body', [], 'body', 'invalid input: expected object, received array'],
    ['nothing for a body', null, 'body', 'invalid input: expected object, received null'],
  ];

  test.each(faulty)(
    '%s is refused by name, and leaves nothing behind',
    async (_title, body, field, message) => {
      const before = (await ask('GET /tenants')).text;
      const line = await newestLine(ask);
      const answer = await ask('POST /tenants', { body });
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.body).toEqual({
        type: 'urn:sojourn:error:invalid_request',
        title: 'Bad Request',
        status: 400,
        code: 'invalid_request',
        detail: expect.stringContaining(`${field}: `),
        advice: 'Correct the fields that the detail names, then send the request again.',
        errors: [{ field, message }],
        request_id: answer.headers.get('x-request-id'),
      });
      expect((await ask('GET /tenants')).text).toBe(before);
      expect(await newestLine(ask)).toEqual(line);
    },
  );

  test('reports all faults in one answer', async () => {
    expect(await plain(ask('POST /tenants', { body: { name: '', colour: 'red', size: 1 } }))).toEqual(
      problem(
        400,
        'invalid_request',
        'name: must not be empty; colour: is not known here; size: is not known here',
      ),
    );
  });

  test('rejects __proto__ as an unknown member', async () => {
    const text = '{"name":"x","__proto__":{"id":"mine"}}';
    const headers = { 'content-type': 'application/json' };
    expect(await plain(ask('POST /tenants', { text, headers }))).toEqual(
      problem(400, 'invalid_request', '__proto__: is not known here'),
    );
  });
});
