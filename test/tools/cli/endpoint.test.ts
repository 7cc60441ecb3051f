/** The endpoint of `sojourn exec`: over hours, and with refusals and failures of the server. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Endpoint, startEndpoint } from '../../../src/tools/cli/exec/endpoint.ts';
import { refreshTokenFile } from '../../../src/tools/cli/exec/token-file.ts';
import { type Credentials, clientSecret, createSojourn } from '../../../src/tools/sdk/index.ts';
import { ask as askRaw } from '../agent/arrange.ts';
import { apiToken, awsUntil, noon, problem, type Script, script } from '../sdk/arrange.ts';

const minute = 60_000;
const credentialsPath = 'GET /v1/connections/con_1/credentials';
let server: Script;
let endpoint: Endpoint;
let hour = noon;

const credentialsOf = () =>
  createSojourn({
    issuer: server.origin,
    signIn: clientSecret({ clientId: 'cli_1', secret: 's' }),
    now: () => hour,
  }).credentials;

beforeAll(async () => {
  server = await script();
});
beforeEach(async () => {
  hour = noon;
  server.answers = { 'POST /token': [apiToken()], [credentialsPath]: [awsUntil(noon + 60 * minute)] };
  await endpoint?.close();
  endpoint = await startEndpoint(credentialsOf(), new Map([['aws', 'con_1']]), () => hour);
});
afterAll(async () => {
  await endpoint.close();
  await server.close();
});

async function ask(): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${endpoint.origin}/aws`, { headers: { authorization: endpoint.secret } });
  return { status: answer.status, body: await answer.json() };
}
const keys = (end: number, id = 'ASIAEXAMPLE') => ({
  status: 200,
  body: {
    AccessKeyId: id,
    SecretAccessKey: 'secret-key',
    Token: 'session',
    Expiration: new Date(end).toISOString(),
  },
});

describe('the endpoint of sojourn exec', () => {
  test('serves the same credentials until five minutes before they expire, then new ones', async () => {
    expect(await ask()).toEqual(keys(noon + 60 * minute));
    server.answers[credentialsPath] = [awsUntil(noon + 120 * minute, 'ASIANEXT')];
    hour = noon + 54 * minute;
    expect(await ask()).toEqual(keys(noon + 60 * minute));
    hour = noon + 55 * minute;
    expect(await ask()).toEqual(keys(noon + 120 * minute, 'ASIANEXT'));
  });

  test('refuses web pages, rebound host names and proxies, even with the secret', async () => {
    const { secret: authorization, origin } = endpoint;
    const { port } = new URL(origin);
    const asked = server.heard.length;
    const strange: Record<string, string>[] = [
      { host: `evil.example:${port}` },
      { host: '127.0.0.1' },
      { origin: 'https://evil.example' },
      { host: 'evil.example', expect: 'x' },
      { origin },
      { 'sec-fetch-site': 'none' },
      { 'x-forwarded-for': '10.0.0.1' },
      { forwarded: 'for=10.0.0.1' },
    ];
    for (const headers of strange)
      expect({
        headers,
        ...(await askRaw(origin, '/aws', { host: `127.0.0.1:${port}`, authorization, ...headers })),
      }).toEqual({
        headers,
        status: 403,
        body: {
          Code: 'forbidden',
          Message:
            'This endpoint does not answer web pages, proxies and other hosts. Send the request to 127.0.0.1 or localhost, from the program itself.',
        },
      });
    expect(await askRaw(origin, '/elsewhere', { host: `evil.example:${port}` })).toEqual({
      status: 403,
      body: {},
    });
    expect(server.heard).toHaveLength(asked);
    expect(await askRaw(origin, '/aws', { host: `localhost:${port}`, authorization })).toEqual(
      keys(noon + 60 * minute),
    );
  });

  test("passes on the server's errors: a refusal as 400, a transient error as 503", async () => {
    server.answers[credentialsPath] = [problem(409, 'connection_disabled', 'It is disabled.', 'Enable it.')];
    expect(await ask()).toEqual({
      status: 400,
      body: { Code: 'connection_disabled', Message: 'It is disabled. Enable it.' },
    });
    const down = problem(503, 'store_unavailable', 'The store is unavailable.', 'Try again shortly.');
    server.answers[credentialsPath] = [{ ...down, headers: { 'retry-after': '3600' } }];
    expect(await ask()).toEqual({
      status: 503,
      body: { Code: 'store_unavailable', Message: 'The store is unavailable. Try again shortly.' },
    });
  });
});

test('the token file always contains one complete token, and a new one before it expires', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-token-file-'));
  const file = join(folder, 'gcp-token');
  const google = (end: number, token: string) => ({
    body: {
      connection: 'con_1',
      cloud: 'gcp',
      expires_at: new Date(end).toISOString(),
      credentials: { access_token: token, token_type: 'Bearer' },
    },
  });
  server.answers[credentialsPath] = [google(noon + 60 * minute, 'first')];
  const stop = await refreshTokenFile(credentialsOf(), 'con_1', file, 5);
  expect(readFileSync(file, 'utf8')).toBe('first');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const away = problem(503, 'store_unavailable', 'It is away.', 'Wait.');
  server.answers[credentialsPath] = [{ ...away, headers: { 'retry-after': '3600' } }];
  hour = noon + 56 * minute;
  const asked = server.heard.length;
  while (server.heard.length < asked + 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(readFileSync(file, 'utf8')).toBe('first');
  server.answers[credentialsPath] = [google(noon + 120 * minute, 'second')];
  // The SDK tries again ten seconds after the failure.
  for (; readFileSync(file, 'utf8') !== 'second'; hour += 1_000)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await stop();
  expect(readdirSync(folder)).toEqual(['gcp-token']);
  rmSync(folder, { recursive: true });
});

test.each([
  ['the connection', credentialsPath, problem(409, 'connection_disabled', 'It is disabled.', 'Enable it.')],
  ['the client', 'POST /token', { status: 401, body: { error: 'invalid_client', error_description: 'No.' } }],
])('the token file is removed when the server refuses %s', async (_, path, refusal) => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-token-file-'));
  const file = join(folder, 'gcp-token');
  const google = {
    body: {
      connection: 'con_1',
      cloud: 'gcp',
      expires_at: new Date(noon + 60 * minute).toISOString(),
      credentials: { access_token: 'first', token_type: 'Bearer' },
    },
  };
  server.answers[credentialsPath] = [google];
  const stop = await refreshTokenFile(credentialsOf(), 'con_1', file, 5);
  server.answers[path] = [refusal];
  hour = noon + 59 * minute;
  while (existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
  server.answers = { 'POST /token': [apiToken()], [credentialsPath]: [google] };
  hour = noon;
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(readFileSync(file, 'utf8')).toBe('first');
  await stop();
  rmSync(folder, { recursive: true });
});

test('a failed refresh of the token file does not end the program or delay its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-token-file-'));
  const said: (string | DOMException)[] = ['first', new DOMException('Ended.', 'AbortError'), 'second'];
  const credentials = async (connection: string): Promise<Credentials> => {
    const accessToken = said.shift() ?? 'third';
    if (accessToken instanceof DOMException) throw accessToken;
    return { cloud: 'gcp', connection, accessToken, expiresAt: new Date(noon) };
  };
  const stop = await refreshTokenFile(credentials, 'con_1', join(folder, 'gcp-token'), 5);
  rmSync(folder, { recursive: true });
  for (let turns = 0; turns < 200 && said.length > 0; turns++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(said).toEqual([]);
  expect(await stop()).toBeUndefined();
  expect(existsSync(folder)).toBe(false);
});
