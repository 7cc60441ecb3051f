/** An outage of the store while cached credentials are still valid. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { azurePass } from '../../clouds/outside.ts';
import { startRedis } from '../../support/redis.ts';
import { withSecret } from '../../support/server.ts';
import { openPipeline } from './pipeline.ts';

const guid = '11111111-1111-4111-8111-111111111111';
const target = { tenant_id: guid, client_id: guid };

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function arrange(onFailure: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-outage-'));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'kek'), randomBytes(32).toString('base64url'), { mode: 0o600 });
  const redis = await startRedis();
  endings.push(() => redis.stop());
  const cloud: FakeCloud = await startFakeCloud();
  endings.push(() => cloud.close());
  cloud.answers = Array.from({ length: 9 }, (_, n) => json(200, { ...azurePass, access_token: `n${n}` }));
  const pipeline = await openPipeline({
    config: {
      store: redis.url,
      clouds: { azure: { authority_host: cloud.origin } },
      keys: { encryption_key: `file:${join(folder, 'kek')}` },
      audit: { on_failure: onFailure, spool: join(folder, 'spool') },
    },
  });
  endings.push(() => pipeline.close());
  const issuer = pipeline.base;
  const token = () => {
    const parameters = { ...withSecret(pipeline.client), resource: 'urn:sojourn:api' };
    return fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(parameters) });
  };
  return { redis, cloud, pipeline, token };
}

const timed = async <T>(work: () => Promise<T>): Promise<T> => {
  const startedAt = performance.now();
  const result = await work();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  return result;
};

test.each(['spool', 'continue'])(
  'with audit.on_failure %s, cached credentials are served while the store is down, and nothing is issued',
  async (onFailure) => {
    const { redis, cloud, pipeline, token } = await arrange(onFailure);
    const used = await pipeline.connect('azure', target);
    const unused = await pipeline.connect('azure', target);
    const first = await pipeline.credentials(used.id);
    expect(first).toMatchObject({ status: 200, body: { credentials: { access_token: 'n0' } } });
    await redis.stop();
    for (let requests = 0; requests < 5; requests++)
      expect(await timed(() => pipeline.credentials(used.id))).toEqual(first);
    expect(await timed(() => pipeline.credentials(unused.id))).toMatchObject({ status: 503 });
    expect(await timed(() => pipeline.ask(`${used.id}/token`))).toMatchObject({ status: 503 });
    expect(await timed(token)).toMatchObject({ status: 503 });
    expect(cloud.asked).toHaveLength(1);
  },
  30_000,
);

test('with audit.on_failure refuse, cached credentials are refused while the store is down', async () => {
  const { redis, pipeline } = await arrange('refuse');
  const { id } = await pipeline.connect('azure', target);
  expect(await pipeline.credentials(id)).toMatchObject({ status: 200 });
  await redis.stop();
  for (let requests = 0; requests < 3; requests++)
    expect(await timed(() => pipeline.credentials(id))).toMatchObject({ status: 503 });
}, 30_000);

test.each<[string, (pipeline: Awaited<ReturnType<typeof openPipeline>>, id: string) => Promise<unknown>]>([
  ['a connection is disabled', ({ admin }, id) => admin.post(`/connections/${id}/disable`)],
  [
    'a client is disabled',
    ({ admin, client }) => admin.patch(`/clients/${client.client_id}`, { disabled: true }),
  ],
  ['issuing is suspended', ({ admin }) => admin.post('/issuing/suspend', { reason: 'a leak' })],
  [
    'a guard is added',
    ({ admin }, id) =>
      admin.put('/policy', {
        version: 0,
        guards: [{ name: 'none', match: { connection: id }, require: { purposes: ['none'] } }],
      }),
  ],
])(
  'if %s on this replica, its cached credentials stay refused when the store goes down',
  async (_, change) => {
    const { redis, pipeline } = await arrange('spool');
    const { id } = await pipeline.connect('azure', target);
    expect(await pipeline.credentials(id)).toMatchObject({ status: 200 });
    await change(pipeline, id);
    await redis.stop();
    for (let requests = 0; requests < 3; requests++)
      expect((await timed(() => pipeline.credentials(id))).status).not.toBe(200);
  },
  30_000,
);
