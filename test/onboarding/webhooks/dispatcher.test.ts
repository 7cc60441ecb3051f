/** How it is told, over months and to receivers that hang: the room itself on a real store, with a clock that can be set. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createWebhooks, type Delivery, type Webhooks } from '../../../src/onboarding/webhooks/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { permitsIn } from '../../../src/platform/outbound/index.ts';
import { type RoomsBench, roomsBench } from '../../support/modules.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const day = 24 * 3_600_000;

let receiver: Receiver;
let ca: string;
let bench: RoomsBench;
let webhooks: Webhooks;
let log: string;

beforeAll(async () => {
  receiver = await startReceiver();
  ca = await readFile(receiver.caFile, 'utf8');
});
afterAll(() => receiver.close());
beforeEach(async () => {
  receiver.received.length = 0;
  bench = await roomsBench();
  log = '';
  webhooks = openWebhooks();
});
afterEach(async () => {
  await webhooks.close();
  await bench.end();
});

function openWebhooks(): Webhooks {
  const write = (line: string) => {
    log += line;
  };
  return createWebhooks({
    store: bench.store,
    audit: bench.audit(),
    tenants: bench.tenants,
    now: () => bench.clock.ms,
    logger: createLogger({ level: 'debug', destination: { write } }),
    state: async (_typ, { jti }) => String(jti),
    guard: { permits: permitsIn(['127.0.0.0/8', '::1/128']), ca },
    observe: () => undefined,
  });
}

const webhookTo = (path: string, more: object = {}) =>
  webhooks.create({ url: receiver.origin + path, ...more });
const happens = (
  connection: string,
  event: 'connection.disabled' | 'connection.enabled' = 'connection.disabled',
) => bench.audit().record({ event, outcome: 'ok', actor: 'admin', connection, tenant: 'ten_1' });
const waiting = async () => (await bench.store.list('outbox', { limit: 100 })).items;
const deliveries = async ({ id }: { id: string }) => (await webhooks.deliveries(id, { limit: 100 })).items;
const summary = async (webhook: { id: string }) =>
  (await deliveries(webhook)).map(({ event: told, state, attempts }) => [
    told.connection,
    state,
    ...attempts.map(({ http_status: status }) => status),
  ]);

/** Turn by turn, until it is so. */
async function turnsUntil<T>(look: () => Promise<T>, wanted: T): Promise<void> {
  let seen: T | undefined;
  for (let turns = 0; turns < 100; turns++) {
    await webhooks.tick();
    seen = await look();
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(seen).toEqual(wanted);
}

describe('a delivery whose month is over', () => {
  test('while its webhook was disabled keeps nothing behind it waiting', async () => {
    receiver.answer('/month', 503);
    const webhook = await webhookTo('/month');
    await happens('con_1');
    await turnsUntil(() => summary(webhook), [['con_1', 'pending', 503]]);
    await webhooks.update(webhook.id, { disabled: true });
    bench.clock.ms += 31 * day;
    await webhooks.update(webhook.id, { disabled: false });
    receiver.answer('/month', 202);
    await happens('con_2');
    await turnsUntil(() => summary(webhook), [['con_2', 'delivered', 202]]);
    expect(await waiting()).toEqual([]);
    expect(log).not.toContain('a webhook waits');
  });

  test('while it was sent again keeps nothing behind it waiting either', async () => {
    receiver.answer('/again', 400);
    const webhook = await webhookTo('/again');
    await happens('con_1');
    await turnsUntil(() => summary(webhook), [['con_1', 'failed', 400]]);
    bench.clock.ms += 29.5 * day;
    receiver.answer('/again', 503);
    await webhooks.redeliver(webhook.id, (await deliveries(webhook))[0]!.id);
    await turnsUntil(() => summary(webhook), [['con_1', 'pending', 400, 503]]);
    bench.clock.ms += 0.6 * day;
    receiver.answer('/again', 202);
    await happens('con_2');
    await turnsUntil(() => summary(webhook), [['con_2', 'delivered', 202]]);
    expect(await waiting()).toEqual([]);
  });
});

test('a note of which another replica has not kept the delivery yet is left to it, unclaimed', async () => {
  receiver.answer('/young', 202);
  const { id: webhook } = await webhookTo('/young');
  const id = `${webhook}.${'1'.padStart(16, '0')}`;
  const at = bench.clock.ms;
  const note = { webhook, tries: 0, due: at, since: at };
  await bench.store.insert('outbox', id, note);
  await webhooks.tick();
  await webhooks.tick();
  expect(await waiting()).toEqual([{ id, version: 1, value: note }]);
  const told: Delivery['event'] = {
    name: 'connection.disabled',
    ...{
      connection: 'con_1',
      tenant: 'ten_1',
      occurred_at: '2026-11-23T12:00:00.000Z',
      facts: { cloud: 'aws' },
    },
  };
  const delivery: Delivery = { id, webhook, state: 'pending', event: told, attempts: [] };
  await bench.store.insert('delivery', id, delivery, { within: webhook, expiresAt: at + 30 * day });
  await turnsUntil(waiting, []);
  expect(await deliveries({ id: webhook })).toEqual([
    {
      ...delivery,
      state: 'delivered',
      attempts: [{ at: '2026-11-23T12:00:00.000Z', status: 202, error: null }],
    },
  ]);
  expect(receiver.received.map(({ body }) => body)).toEqual([id]);
});

describe('a receiver that hangs', () => {
  const since = '2026-11-23T12:00:00.000Z';

  test('keeps no other webhook waiting, and no turn', async () => {
    receiver.hang('/hangs');
    receiver.answer('/hears', 202);
    await webhookTo('/hangs', { events: ['connection.disabled'] });
    const hears = await webhookTo('/hears', { events: ['connection.enabled'] });
    await happens('con_1');
    await webhooks.tick();
    await receiver.until('/hangs', 1);
    for (const [at, connection] of ['con_2', 'con_3'].entries()) {
      await happens(connection, 'connection.enabled');
      await webhooks.tick();
      await receiver.until('/hears', at + 1);
    }
    await turnsUntil(
      () => summary(hears),
      [
        ['con_2', 'delivered', 202],
        ['con_3', 'delivered', 202],
      ],
    );
    // It was asked once, and still is.
    expect(receiver.received.filter(({ path }) => path === '/hangs')).toHaveLength(1);
    expect((await waiting()).map(({ value }) => value)).toEqual([expect.objectContaining({ tries: 0 })]);
  });

  test('keeps no server from going: what it did not answer is told again by the next, and was no try', async () => {
    receiver.hang('/late');
    const webhook = await webhookTo('/late');
    await happens('con_1');
    await happens('con_2');
    await webhooks.tick();
    await receiver.until('/late', 1);
    await webhooks.close();
    expect((await waiting()).map(({ value }) => value)).toEqual(
      [1, 2].map(() => ({ webhook: webhook.id, tries: 0, due: bench.clock.ms, since: bench.clock.ms })),
    );
    expect(await summary(webhook)).toEqual([
      ['con_1', 'pending'],
      ['con_2', 'pending'],
    ]);
    expect(log).not.toContain('"level":"warn"');

    receiver.answer('/late', 202);
    webhooks = openWebhooks();
    await turnsUntil(
      () => summary(webhook),
      [
        ['con_1', 'delivered', 202],
        ['con_2', 'delivered', 202],
      ],
    );
    const attempt = { at: since, status: 202, error: null };
    expect((await deliveries(webhook)).map(({ attempts }) => attempts)).toEqual([[attempt], [attempt]]);
  });
});

test('a receiver that did not hear of one is not asked for the next in the same turn, however old they are', async () => {
  receiver.answer('/away', 503);
  const webhook = await webhookTo('/away');
  for (const connection of ['con_1', 'con_2', 'con_3']) await happens(connection);
  await turnsUntil(async () => (await summary(webhook))[0], ['con_1', 'pending', 503]);
  bench.clock.ms += day;
  await webhooks.tick();
  await receiver.until('/away', 2);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await summary(webhook)).toEqual([
    ['con_1', 'failed', 503, 503],
    ['con_2', 'pending'],
    ['con_3', 'pending'],
  ]);
  // By then it hears, and nothing more is lost.
  receiver.answer('/away', 202);
  await turnsUntil(
    () => summary(webhook),
    [
      ['con_1', 'failed', 503, 503],
      ['con_2', 'delivered', 202],
      ['con_3', 'delivered', 202],
    ],
  );
});
