/** Services with a preset: the folder of variables and files, and a token for each caller of the endpoint. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { nextRefreshAt } from '../../../src/tools/agent/cache-entry.ts';
import { fetchDelivery } from '../../../src/tools/agent/delivery.ts';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { until } from '../../tokens/publishing/bench.ts';
import { hostileSettings } from '../hostile-settings.ts';
import { removeFolders, type TestAgent, testAgent } from './arrange.ts';

const id = 'con_01m8a88jsgg1g9tfbvbx4jpn9r';
const other = 'con_01m8a8p3wvnkf2t9s5x0c7qj4d';

let agent: TestAgent;
afterEach(() => agent.close());
afterAll(removeFolders);

/** A server whose every token is another one. */
function fakeSojourn(options: { now: () => number; singleUse?: boolean; sent?: object }) {
  let count = 0;
  const self = {
    issuer: 'https://id.example',
    failure: undefined as Error | undefined,
    async token() {
      if (self.failure) throw self.failure;
      return { token: `token-${++count}`, expiresAt: new Date(options.now() + 900_000) };
    },
    async formattedCredentials() {
      if (self.failure) throw self.failure;
      return JSON.stringify({
        expires_at: new Date(options.now() + 3_600_000).toISOString(),
        variables: { ACME_FILE: '{{folder}}/acme-token', ACME_NAME: "it's" },
        files: [{ name: 'acme-token', content: '{{cloud_token}}' }],
        remove: ['ACME_API_KEY'],
        notes: [],
        single_use: options.singleUse === true,
        ...options.sent,
      });
    },
  };
  return self;
}

const connections = [{ id, service: { folder: 'acme' } }];
const refusal = (status: number, code: string) =>
  new SojournRequestError({ code, detail: 'It is refused.', advice: 'Ask.', status });

test('a folder has the files and the variables of the service, and only its user can read it', async () => {
  const now = Date.now;
  agent = await testAgent('https://id.example', { sojourn: fakeSojourn({ now }), connections });
  const folder = join(agent.directory, 'acme');
  expect((await readdir(folder)).toSorted()).toEqual(['acme-token', 'env']);
  expect(await readFile(join(folder, 'acme-token'), 'utf8')).toBe('token-1');
  const modes = [folder, join(folder, 'env')].map(async (path) => (await stat(path)).mode & 0o777);
  expect(await Promise.all(modes)).toEqual([0o700, 0o600]);

  const script = `. '${folder}/env'; echo "$ACME_FILE $ACME_NAME \${ACME_API_KEY-none}"`;
  const run = (env: Record<string, string>) =>
    execFileSync('sh', ['-c', `{ ${script}; } 2>&1`], {
      env: { PATH: process.env.PATH ?? '', ...env },
    }).toString();
  expect(run({})).toBe(`${folder}/acme-token it's none\n`);
  expect(run({ ACME_API_KEY: 'mine' })).toBe(
    `sojourn agent removed ACME_API_KEY: it selects another identity.\n${folder}/acme-token it's none\n`,
  );

  await agent.reload({
    sojourn: fakeSojourn({ now }),
    connections: [{ id: other, service: { folder: 'b' } }],
  });
  expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'b', 'endpoint']);
  await agent.close();
  expect(await readdir(agent.directory)).toEqual([]);
});

test('each caller of the endpoint gets its own token, also at the same time', async () => {
  agent = await testAgent('https://id.example', { sojourn: fakeSojourn({ now: Date.now }), connections });
  const answers = await Promise.all([1, 2, 3].map(() => agent.get(`/v1/token/${id}`)));
  const tokens = answers.map(({ body }) => (body as { access_token: string }).access_token);
  expect([answers.map(({ status }) => status), new Set(tokens).size]).toEqual([[200, 200, 200], 3]);
  expect(tokens).not.toContain('token-1');
  expect((await agent.get(`/v1/token/${other}`)).status).toBe(404);
});

test('the files of a service that accepts a token once are rewritten every minute', async () => {
  const now = () => Date.parse('2026-12-01T00:00:00Z');
  const spec = { connection: id, type: 'delivery', minLifetimeSeconds: 0 } as const;
  const delays = [true, false].map(async (singleUse) => {
    const value = await fetchDelivery(fakeSojourn({ now, singleUse }), id, AbortSignal.timeout(1_000));
    return nextRefreshAt(spec, value, now, () => 0) - now();
  });
  // Otherwise after almost half of the lifetime of the token.
  expect(await Promise.all(delays)).toEqual([60_000, 405_000]);
});

test('the folder is removed when the server refuses the connection, and the endpoint says why', async () => {
  let time = Date.now();
  const sojourn = fakeSojourn({ now: () => time, singleUse: true });
  agent = await testAgent('https://id.example', { sojourn, connections, now: () => time });
  sojourn.failure = refusal(403, 'connection_paused');
  time += 3_600_000;
  await until(async () => !(await readdir(agent.directory)).includes('acme'));
  const { status, body } = await agent.get(`/v1/token/${id}`);
  expect([status, JSON.stringify(body)]).toEqual([424, expect.stringContaining('It is refused.')]);
});

test.each(hostileSettings)('the agent writes nothing of a server that sends %s', async (_, sent, detail) => {
  const sojourn = fakeSojourn({ now: Date.now, sent });
  agent = await testAgent('https://id.example', { sojourn, connections });
  expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
  const { status, body } = await agent.get('/v1/status');
  const { connections: states } = body as { connections: { id: string; last_error: object | null }[] };
  expect([status, states]).toEqual([200, [expect.objectContaining({ id })]]);
  expect(JSON.stringify(states)).toContain(JSON.stringify(detail).slice(1, -1));
});
