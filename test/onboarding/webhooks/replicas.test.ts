/** Two replicas on one Redis look for the same events and tell each of them once. */
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

test('each event comes in once, in the order of what happened', async () => {
  receiver.answer('/once', 202);
  const [first, second] = replicas.map(asking);
  const url = `${receiver.origin}/once`;
  await first!('POST /webhooks', { body: { url, events: ['connection.disabled', 'connection.enabled'] } });
  const tenant = (await first!('POST /tenants', { body: { name: 'Acme' } })).body as { id: string };
  const { body } = await first!('POST /connections', {
    body: { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget },
  });
  const { id } = body as { id: string };
  for (let turn = 0; turn < events; turn++)
    await (turn % 3 === 0 ? second! : first!)(`POST /connections/${id}/${turn % 2 ? 'enable' : 'disable'}`);
  await receiver.until('/once', events);
  // A second telling would come with the next turn of either replica.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const told = await Promise.all(
    receiver.received.map(async (one) => (await readEvent(replicas[0]!.issuer, url, one)).payload),
  );
  expect(new Set(told.map(({ jti }) => jti)).size).toBe(events);
  expect(told.map(({ events: said }) => Object.keys(said as object)[0])).toEqual(
    Array.from({ length: events }, (_, turn) =>
      turn % 2 ? 'urn:sojourn:event:connection.enabled' : 'urn:sojourn:event:connection.disabled',
    ),
  );
});
