import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
let clock = 0;
beforeAll(async () => {
  stage = await openStage({
    now: () => Date.now() + clock,
    config: { trust_proxy: ['127.0.0.1/32'], limits: { failed_sign_ins: 5 } },
  });
});
afterAll(() => stage.close());

let hosts = 0;
/** Each test uses its own source address, because too many invalid links block an address. */
const elsewhere = () => `198.51.100.${++hosts}`;

async function answerOf(url: string, init: RequestInit = {}, address = elsewhere()) {
  const headers = { 'x-forwarded-for': address, ...(init.headers as Record<string, string>) };
  const response = await fetch(url, { redirect: 'manual', ...init, headers });
  const stableHeaders = [...response.headers].filter(
    ([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name),
  );
  return { status: response.status, headers: Object.fromEntries(stableHeaders), body: await response.text() };
}

const paths = [
  '',
  '/files/cloudformation.json',
  '/events',
  '/report',
  '/guardrail',
  '/pause',
  '/resume',
  '/control-link',
];
const methodOf = (path: string) =>
  ['/report', '/guardrail', '/pause', '/resume', '/control-link'].includes(path) ? 'POST' : 'GET';

describe('an invalid link', () => {
  test('gets the same answer on every path, for every fault, and changes nothing', async () => {
    const revoked = await stage.invite();
    await fetch(
      `${stage.server.adminOrigin}/admin/v1/connections/${revoked.connection.id}/invitations/${revoked.invitation.id}`,
      { method: 'DELETE', headers: { authorization: `Bearer ${stage.server.adminToken}` } },
    );
    const expired = await stage.invite('aws', { expires_in: '1m' });
    clock += 61_000;
    const living = await stage.invite();
    const secret = living.invitation.url.split('/').at(-1)!;
    const wrong = [
      revoked.invitation.url,
      expired.invitation.url,
      `${stage.server.issuer}/connect/${Buffer.alloc(32, 7).toString('base64url')}`,
      `${stage.server.issuer}/connect/${secret.slice(0, -1)}`,
      `${stage.server.issuer}/connect/${secret}A`,
      `${stage.server.issuer}/connect/${secret.toLowerCase()}x`,
      // The stored hash is not a valid secret.
      `${stage.server.issuer}/connect/${living.invitation.id}`,
      `${stage.server.issuer}/connect/%00`,
      `${stage.server.issuer}/connect/..%2f..%2ftoken`,
      `${stage.server.issuer}/connect/${'x'.repeat(4000)}`,
    ];
    const first = await answerOf(wrong[0]!);
    expect(first).toEqual({
      status: 404,
      headers: expect.objectContaining({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
      }),
      body: expect.stringContaining('<h1>This link is not valid</h1>'),
    });
    for (const url of wrong)
      for (const path of paths) expect(await answerOf(url + path, { method: methodOf(path) })).toEqual(first);
    for (const { connection } of [revoked, expired, living]) {
      expect(await stage.server.admin.get(`/connections/${connection.id}`)).toEqual(connection);
      expect((await stage.audit(connection)).map(({ event }) => event)).not.toContain('connection.paused');
    }
  });

  test('blocks only its source address after too many attempts, with an audit event', async () => {
    const { invitation } = await stage.invite();
    const [guesser, other] = [elsewhere(), elsewhere()];
    for (let count = 0; count < 5; count++)
      expect((await answerOf(`${invitation.url}x`, {}, guesser)).status).toBe(404);
    const limited = await answerOf(invitation.url, {}, guesser);
    expect(limited).toMatchObject({ status: 429, headers: { 'retry-after': '12' } });
    expect(limited.body).toContain('Too many requests.');
    expect((await answerOf(invitation.url, {}, other)).status).toBe(200);
    const { items } = await stage.server.admin.get<{ items: object[] }>(
      '/audit?event=invitation.rate_limited',
    );
    expect(items).toEqual([
      expect.objectContaining({ outcome: 'refused', actor: 'unknown', source_ip: guesser }),
    ]);
  });
});

describe('a request from a page of another site', () => {
  const from = (headers: Record<string, string>) => ({ method: 'POST', headers });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'cross-site', origin: 'null' }],
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
  ])('with the headers %j is refused and changes nothing', async (headers: Record<string, string>) => {
    const { connection, invitation } = await stage.invite();
    for (const path of ['/report', '/pause', '/resume', '/control-link']) {
      const answer = await answerOf(invitation.url + path, from({ ...form, ...headers }));
      expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
        status: 403,
        type: 'text/html; charset=utf-8',
      });
      expect(answer.body).toContain('The request was sent from a page of another site.');
    }
    expect(await stage.server.admin.get(`/connections/${connection.id}`)).toEqual(connection);
  });

  test('is distinguished from a request of the same origin', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'same-origin', origin: 'null' },
      { 'sec-fetch-site': 'same-origin', origin: stage.server.issuer },
      { origin: stage.server.issuer },
      {},
    ]) {
      const { invitation } = await stage.invite();
      expect(await answerOf(`${invitation.url}/pause`, from({ ...form, ...headers }))).toMatchObject({
        status: 303,
        headers: { location: invitation.url },
      });
    }
  });
});

describe('the page', () => {
  test('forbids external scripts, framing, caching and referrers, and sets no cookies', async () => {
    const { invitation } = await stage.invite();
    const { status, headers } = await answerOf(invitation.url);
    expect({ status, headers }).toEqual({
      status: 200,
      headers: {
        'cache-control': 'no-store',
        'content-length': expect.any(String),
        'content-security-policy':
          "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        'content-type': 'text/html; charset=utf-8',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': 'camera=(), geolocation=(), microphone=()',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      },
    });
  });

  test('serves its style and script under names with a content hash, and no other file', async () => {
    const { invitation } = await stage.invite();
    const { body } = await answerOf(invitation.url);
    const assets = [...body.matchAll(/(?:href|src)="(\/connect\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(assets).toEqual([
      expect.stringMatching(/^\/connect\/assets\/page-[0-9a-f]{16}\.css$/),
      expect.stringMatching(/^\/connect\/assets\/page-[0-9a-f]{16}\.js$/),
    ]);
    for (const path of assets)
      expect(await answerOf(stage.server.issuer + path)).toMatchObject({
        status: 200,
        headers: { 'cache-control': 'public, max-age=31536000, immutable' },
      });
    expect((await answerOf(`${stage.server.issuer}/connect/assets/page.css`)).status).toBe(404);
    expect(body).not.toMatch(/<script(?! src=)|style=|\son\w+=|https?:\/\/(?!127\.0\.0\.1|[\w.]*amazon)/);
  });

  test('serves the set-up files to everyone with the URL, also to other origins', async () => {
    const { invitation } = await stage.invite('azure');
    expect(await answerOf(`${invitation.url}/files/azuredeploy.json`)).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': '*',
        'cache-control': 'no-store',
        'content-disposition': 'attachment; filename="azuredeploy.json"',
        'content-type': 'application/json; charset=utf-8',
      },
      body: expect.stringContaining('deploymentTemplate.json'),
    });
    const absent = await answerOf(`${invitation.url}/files/..%2fpackage.json`);
    expect(absent.status).toBe(404);
    expect(absent.body).toContain('The connection has no set-up file with this name.');
  });

  test('answers unsupported methods like every other path', async () => {
    const { invitation } = await stage.invite();
    for (const url of [invitation.url, `${invitation.url}x`])
      expect((await answerOf(url, { method: 'DELETE' })).status).toBe(405);
  });
});

test('with an issuer that has a path, the page, its assets and its forms are below that path', async () => {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}/id`;
  const other = await openStage({ port, config: { issuer } });
  try {
    const { invitation } = await other.invite();
    expect(invitation.url).toMatch(new RegExp(`^${issuer}/connect/[\\w-]{43}$`));
    const { status, body } = await answerOf(invitation.url);
    expect(status).toBe(200);
    const [, style = ''] = /href="(\/id\/connect\/assets\/[^"]+)"/.exec(body) ?? [];
    expect((await answerOf(`http://127.0.0.1:${port}${style}`)).status).toBe(200);
    const origin = { origin: `http://127.0.0.1:${port}` };
    expect(await answerOf(`${invitation.url}/pause`, { method: 'POST', headers: origin })).toMatchObject({
      status: 303,
      headers: { location: invitation.url },
    });
  } finally {
    await other.close();
  }
});
