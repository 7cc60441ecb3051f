/** `sojourn doctor --secrets` against real servers, and against servers with incomplete responses. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assertionKey } from '../../support/assertions.ts';
import { askToken, type TestClient, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { sojourn } from './arrange.ts';

const token = 'x'.repeat(32);

async function doctor(url: string, adminToken: string, ...args: string[]) {
  const env = { SOJOURN_ADMIN_URL: url, SOJOURN_ADMIN_TOKEN: adminToken };
  return sojourn(['doctor', '--secrets', ...args], env);
}

const note =
  'The admin token is a shared secret too, but is not counted: it gives access to the admin API, not to a cloud. Its age is unknown. Replace SOJOURN_ADMIN_TOKEN when someone who knows it leaves.';

describe('sojourn doctor --secrets', () => {
  let server: TestServer;
  const ask = (...args: string[]) => doctor(server.adminOrigin, server.adminToken, ...args);
  const secrets = async () => JSON.parse((await ask('--json')).out) as { shared_secrets: object[] };
  beforeAll(async () => {
    server = await testServer();
    const { jwk } = await assertionKey();
    // More than one page of them.
    for (let count = 0; count < 201; count++)
      await server.admin.post('/clients', {
        name: `keyed ${count}`,
        may_use: [],
        auth: {
          method: 'private_key_jwt',
          jwks: { keys: [jwk] },
        },
      });
  }, 60_000);
  afterAll(() => server.close());

  test('without shared secrets exits with 0 and prints how many clients it checked', async () => {
    expect(await ask()).toEqual({
      code: 0,
      out: `0 shared secrets in use; 201 clients checked.\n\n${note}\n`,
      err: '',
    });
    expect(JSON.parse((await ask('--json')).out)).toEqual({
      clients: 201,
      shared_secrets: [],
      notes: [note],
    });
  }, 60_000);

  test('finds a secret on the last page, with age, last use, expiry and advice', async () => {
    const client = await server.admin.post<TestClient & { secrets: { id: string }[] }>('/clients', {
      name: 'old',
      may_use: [],
    });
    const [secret] = client.secrets;
    const unused = {
      client_id: client.client_id,
      name: 'old',
      secret: secret?.id,
      disabled: false,
      ...{
        age_days: 0,
        last_used_at: null,
        expires_at: null,
      },
      advice: `It was never used: delete it with \`sojourn client secrets delete ${client.client_id} ${secret?.id}\`.`,
    };
    expect(await secrets()).toEqual({ clients: 202, shared_secrets: [unused], notes: [note] });

    const asked = { ...withSecret(client), resource: 'urn:sojourn:api' };
    expect((await askToken(server.issuer, asked)).status).toBe(200);
    await server.admin.patch(`/clients/${client.client_id}`, { disabled: true });
    const used = {
      ...unused,
      disabled: true,
      last_used_at: expect.stringMatching(/Z$/),
      advice: expect.stringMatching(/--federated.*private_key_jwt/),
    };
    expect((await secrets()).shared_secrets).toEqual([used]);
    const { code, out } = await ask();
    expect(code).toBe(1);
    const lines = out.split('\n');
    expect(lines[0]).toBe('1 shared secret in use; 202 clients checked.');
    expect(lines[2]).toMatch(/^CLIENT ID +NAME +SECRET +DISABLED +AGE DAYS +LAST USED AT +EXPIRES AT$/);
    expect(lines[3]).toMatch(
      new RegExp(`^${client.client_id}  old   ${secret?.id}  true      0         \\S+Z  -$`),
    );
    expect(out).not.toContain(client.client_secret);
  }, 60_000);
});

test('sojourn doctor --secrets does not count an expired secret', async () => {
  const clock = { ahead: -2 * 86_400_000 };
  const server = await testServer({ now: () => Date.now() + clock.ahead });
  try {
    const client = await server.admin.post<TestClient & { secrets: { id: string }[] }>('/clients', {
      name: 'ended',
      may_use: [],
    });
    const expires_at = new Date(Date.now() - 86_400_000).toISOString();
    await server.admin.post(`/clients/${client.client_id}/secrets`, { expires_at });
    const { code, out } = await doctor(server.adminOrigin, server.adminToken, '--json');
    const { shared_secrets } = JSON.parse(out) as { shared_secrets: { secret: string; age_days: number }[] };
    expect({ code, left: shared_secrets.map(({ secret, age_days }) => [secret, age_days]) }).toEqual({
      code: 1,
      left: [[client.secrets[0]?.id, 2]],
    });
  } finally {
    await server.close();
  }
}, 60_000);

describe('sojourn doctor --secrets exits with 3 and prints no result for', () => {
  const keyed = (id: string) => ({
    client_id: id,
    name: 'k',
    auth: { method: 'private_key_jwt' },
    disabled: false,
    secrets: [],
  });
  const incomplete: Record<string, (after: string | null) => unknown> = {
    'a page without the member next': () => ({ items: [] }),
    'a response without a list': () => ({ next: null }),
    'a client without its secrets': () => ({
      items: [{ ...keyed('cli_1'), secrets: undefined }],
      next: null,
    }),
    'an unknown authentication method': () => ({
      items: [{ ...keyed('cli_1'), auth: { method: 'password' } }],
      next: null,
    }),
    'a list without end': () => ({ items: [keyed('cli_1')], next: 'cli_1' }),
    'a second page that fails': (after) => (after === null ? { items: [], next: 'cli_1' } : undefined),
  };

  test.each(Object.keys(incomplete))('%s', async (name) => {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const body = incomplete[name]?.(searchParams.get('after'));
      response.writeHead(body === undefined ? 500 : 200).end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { code, out, err } = await doctor(url, token, '--json');
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toMatch(/^[^\n]+\n→ [^\n]+\n$/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('a URL without a server', async () => {
    const { code, out } = await doctor('http://127.0.0.1:9', token);
    expect({ code, out }).toEqual({ code: 3, out: '' });
  });
});

test('sojourn doctor --secrets exits with 2 without an admin token', async () => {
  expect(await sojourn(['doctor', '--secrets'])).toMatchObject({ code: 2, out: '' });
});
