import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ask, asking, byAdmin, moment, newestLine, plain, problem } from '../../server/http/ask.ts';
import { awsTarget, oneConnection, type TestServer, testServer } from '../../support/server.ts';

let clock = 0;
let server: TestServer;
let ask: Ask;
let id: string;
let tenant: string;

beforeAll(async () => {
  server = await testServer({ now: () => Date.now() + clock });
  ask = asking(server);
  const made = await oneConnection(server);
  id = made.connection.id;
  tenant = made.tenant.id;
});
afterAll(() => server.close());

interface Made {
  readonly id: string;
  readonly url: string;
  readonly expires_at: string;
}
const make = async (body: object = {}, connection = id) =>
  (await ask(`POST /connections/${connection}/invitations`, { body })).body as Made;
const another = async () =>
  (
    await server.admin.post<{ id: string }>('/connections', {
      ...{ name: 'other', tenant, cloud: 'aws', target: awsTarget },
    })
  ).id;
const statusOf = async (url: string) => (await fetch(url)).status;
const hash = expect.stringMatching(/^[\w-]{43}$/);

describe('an invitation', () => {
  test('is shown once, opens the page, and is listed by its hash', async () => {
    const connection = await another();
    const made = await ask(`POST /connections/${connection}/invitations`, { body: {} });
    const invitation = made.body as Made;
    expect({ status: made.status, body: made.body }).toEqual({
      status: 201,
      body: {
        id: hash,
        url: expect.stringMatching(new RegExp(`^${server.issuer}/connect/[\\w-]{43}$`)),
        expires_at: moment,
      },
    });
    expect(await newestLine(ask)).toEqual({
      event: 'invitation.created',
      ...byAdmin,
      connection,
      tenant,
      facts: { invitation: invitation.id, expires_at: invitation.expires_at },
    });
    expect(await statusOf(invitation.url)).toBe(200);
    const listed = await ask(`GET /connections/${connection}/invitations`);
    expect(listed.body).toEqual({
      items: [
        {
          id: invitation.id,
          type: 'connect',
          created_at: moment,
          expires_at: invitation.expires_at,
          reported_at: null,
        },
      ],
      next: null,
    });
    const secret = invitation.url.split('/').at(-1)!;
    expect(invitation.id).not.toBe(secret);
    expect(listed.text).not.toContain(secret);
    expect(server.logged()).not.toContain(secret);
    expect(JSON.stringify(await server.admin.get('/audit?limit=200'))).not.toContain(secret);
  });

  test.each([
    ['seven days by default', undefined, 7 * 86_400],
    ['a minute', '1m', 60],
    ['thirty days', '30d', 30 * 86_400],
  ])('is valid for %s', async (_, expires_in, seconds) => {
    const before = Date.now() + clock;
    const { expires_at } = await make(expires_in ? { expires_in } : {}, await another());
    const life = (Date.parse(expires_at) - before) / 1000;
    expect(life).toBeGreaterThanOrEqual(seconds);
    expect(life).toBeLessThan(seconds + 10);
  });

  test.each([['59s'], ['31d'], ['soon'], [''], ['0d']])(
    'with expires_in %p is refused and not created',
    async (expires_in) => {
      const connection = await another();
      const answer = await ask(`POST /connections/${connection}/invitations`, { body: { expires_in } });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 400,
        body: expect.objectContaining({
          code: 'invalid_request',
          errors: [{ field: 'expires_in', message: expect.any(String) }],
        }),
      });
      expect((await ask(`GET /connections/${connection}/invitations`)).body).toEqual({
        items: [],
        next: null,
      });
    },
  );

  test('expires', async () => {
    const connection = await another();
    const { url } = await make({ expires_in: '5m' }, connection);
    expect(await statusOf(url)).toBe(200);
    clock += 301_000;
    expect(await statusOf(url)).toBe(404);
    expect((await ask(`GET /connections/${connection}/invitations`)).body).toEqual({ items: [], next: null });
  });

  test('is invalid at once when it is revoked or its connection is deleted', async () => {
    const connection = await another();
    const [first, second] = [await make({}, connection), await make({}, connection)];
    expect(await plain(ask(`DELETE /connections/${connection}/invitations/${first.id}`))).toEqual({
      status: 204,
      body: undefined,
    });
    expect(await newestLine(ask)).toEqual({
      event: 'invitation.revoked',
      ...byAdmin,
      connection,
      tenant,
      facts: { invitation: first.id, expires_at: first.expires_at },
    });
    expect([await statusOf(first.url), await statusOf(second.url)]).toEqual([404, 200]);
    await ask(`DELETE /connections/${connection}`);
    expect(await statusOf(second.url)).toBe(404);
  });

  test('is found only under its own connection', async () => {
    const { id: invitation, url } = await make();
    const absent = problem(404, 'invitation_not_found', 'There is no such invitation.');
    for (const path of [
      `/connections/${await another()}/invitations/${invitation}`,
      `/connections/${id}/invitations/x`,
    ])
      expect(await plain(ask(`DELETE ${path}`))).toEqual(absent);
    expect(await statusOf(url)).toBe(200);
    for (const request of ['POST /connections/con_x/invitations', 'GET /connections/con_x/invitations'])
      expect((await ask(request, request.startsWith('POST') ? { body: {} } : {})).status).toBe(404);
  });

  test('is refused if its connection already has 20', async () => {
    const connection = await another();
    for (let count = 0; count < 20; count++) await make({}, connection);
    expect(await plain(ask(`POST /connections/${connection}/invitations`, { body: {} }))).toEqual(
      problem(409, 'invitation_limit', 'The limit of 20 invitations for a connection is reached.'),
    );
  });
});
