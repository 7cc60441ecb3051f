/** Two replicas on one Redis follow the same events and deliver each of them once. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asking } from '../../server/http/ask.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { awsTarget, type TestServer, testServer } from '../../support/server.ts';
import { type Receiver, readEvent, startReceiver } from './receiver.ts';

const events = 12;

let folder: string;
let redis: RedisServer;
let receiver: Receiver;
let replicas: TestServer[];

beforeAll(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
  folder = await mkdtemp(join(tmpdir(), 'sojourn-key-'));
  const keyFile = join(folder, 'encryption-key');
  await writeFile(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const config = {
    store: redis.url,
    keys: { encryption_key: `file:${keyFile}` },
    webhooks: { allow_networks: ['127.0.0.0/8', '::1/128'], ca: receiver.caFile },
  };
  const one = await testServer({ config });
  replicas = [one, await testServer({ config: { ...config, issuer: one.issuer } })];
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await receiver.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

test('two replicas deliver each event once and in order', async () => {
  receiver.answer('/once', 202);
  const [first, second] = replicas.map(asking);
  const url = `${receiver.origin}/once`;
  await first!('POST /webhooks', { body: { url, events: ['connection.disabled', 'connection.enabled'] } });
  const tenant = (await first!('POST /tenants', { body: { name: 'Acme' } })).body as { id: string };
  const { body } = await first!('POST /connections', {
    body: { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget },
  });
  const { id } = body as { id: string };
  for (let index = 0; index < events; index++)
    await (index % 3 === 0 ? second! : first!)(`POST /connections/${id}/${index % 2 ? 'enable' : 'disable'}`);
  await receiver.until('/once', events);
  // A duplicate delivery would arrive with the next tick of either replica.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const payloads = await Promise.all(
    receiver.received.map(async (request) => (await readEvent(replicas[0]!.issuer, url, request)).payload),
  );
  expect(new Set(payloads.map(({ jti }) => jti)).size).toBe(events);
  expect(payloads.map(({ events: claim }) => Object.keys(claim as object)[0])).toEqual(
    Array.from({ length: events }, (_, index) =>
      index % 2 ? 'urn:sojourn:event:connection.enabled' : 'urn:sojourn:event:connection.disabled',
    ),
  );
});
