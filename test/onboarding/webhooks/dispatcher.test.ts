/** Delivery over months and to receivers that hang: the webhooks module on a real store, with a settable clock. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createWebhooks, type Delivery, type Webhooks } from '../../../src/onboarding/webhooks/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { addressFilterFor } from '../../../src/platform/outbound/index.ts';
import { createModules, type Modules } from '../../support/modules.ts';
import { parsingWebhooks } from '../../support/parsing.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const day = 24 * 3_600_000;

let receiver: Receiver;
let ca: string;
let bench: Modules;
let webhooks: Webhooks;
let log: string;

beforeAll(async () => {
  receiver = await startReceiver();
  ca = await readFile(receiver.caFile, 'utf8');
});
afterAll(() => receiver.close());
beforeEach(async () => {
  receiver.received.length = 0;
  bench = await createModules();
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
    guard: { isAllowed: addressFilterFor(['127.0.0.0/8', '::1/128']), ca },
    observe: () => undefined,
  });
}

const webhookTo = (path: string, more: object = {}) =>
  parsingWebhooks(webhooks).create({ url: receiver.origin + path, ...more });
const recordEvent = (
  connection: string,
  event: 'connection.disabled' | 'connection.enabled' = 'connection.disabled',
) => bench.audit().record({ event, outcome: 'ok', actor: 'admin', connection, tenant: 'ten_1' });
const outbox = async () =>
  (await bench.store.list<{ attempts: number; next_attempt_at: number }>('outbox', { limit: 100 })).items;
const deliveries = async ({ id }: { id: string }) => (await webhooks.deliveries(id, { limit: 100 })).items;
const summary = async (webhook: { id: string }) =>
  (await deliveries(webhook)).map(({ event, state, attempts }) => [
    event.connection,
    state,
    ...attempts.map(({ http_status }) => http_status),
  ]);

/** Runs ticks until `read` resolves to the expected value. */
async function tickUntil<T>(read: () => Promise<T>, expected: T): Promise<void> {
  let actual: T | undefined;
  for (let ticks = 0; ticks < 100; ticks++) {
    await webhooks.tick();
    actual = await read();
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(actual).toEqual(expected);
}

describe('a delivery that expired after a month', () => {
  test('does not block later deliveries of a webhook that was disabled', async () => {
    receiver.answer('/month', 503);
    const webhook = await webhookTo('/month');
    await recordEvent('con_1');
    await tickUntil(() => summary(webhook), [['con_1', 'pending', 503]]);
    await webhooks.update(webhook.id, { disabled: true });
    bench.clock.ms += 31 * day;
    await webhooks.update(webhook.id, { disabled: false });
    receiver.answer('/month', 202);
    await recordEvent('con_2');
    await tickUntil(() => summary(webhook), [['con_2', 'delivered', 202]]);
    await tickUntil(outbox, []);
    expect(log).not.toContain('cannot send a webhook delivery now');
  });

  test('does not block later deliveries after a redelivery', async () => {
    receiver.answer('/again', 400);
    const webhook = await webhookTo('/again');
    await recordEvent('con_1');
    await tickUntil(() => summary(webhook), [['con_1', 'failed', 400]]);
    bench.clock.ms += 29.5 * day;
    receiver.answer('/again', 503);
    await webhooks.redeliver(webhook.id, (await deliveries(webhook))[0]!.id);
    await tickUntil(() => summary(webhook), [['con_1', 'pending', 400, 503]]);
    bench.clock.ms += 0.6 * day;
    receiver.answer('/again', 202);
    await recordEvent('con_2');
    await tickUntil(() => summary(webhook), [['con_2', 'delivered', 202]]);
    await tickUntil(outbox, []);
  });
});

test('an outbox entry whose delivery another replica is still writing is not claimed', async () => {
  receiver.answer('/young', 202);
  const { id: webhook } = await webhookTo('/young');
  const id = `${webhook}.${'1'.padStart(16, '0')}`;
  const now = bench.clock.ms;
  const entry = { webhook, attempts: 0, next_attempt_at: now, queued_at: now };
  await bench.store.insert('outbox', id, entry);
  await webhooks.tick();
  await webhooks.tick();
  expect(await outbox()).toEqual([{ id, version: 1, value: entry }]);
  const event: Delivery['event'] = {
    name: 'connection.disabled',
    ...{
      connection: 'con_1',
      tenant: 'ten_1',
      occurred_at: '2026-11-23T12:00:00.000Z',
      facts: { cloud: 'aws' },
    },
  };
  const delivery: Delivery = { id, webhook, state: 'pending', event, attempts: [] };
  await bench.store.insert('delivery', id, delivery, { within: webhook, expiresAt: now + 30 * day });
  await tickUntil(outbox, []);
  expect(await deliveries({ id: webhook })).toEqual([
    {
      ...delivery,
      state: 'delivered',
      attempts: [{ attempted_at: '2026-11-23T12:00:00.000Z', http_status: 202, error: null }],
    },
  ]);
  expect(receiver.received.map(({ body }) => body)).toEqual([id]);
});

describe('a receiver that hangs', () => {
  test('does not delay other webhooks or the next tick', async () => {
    receiver.hang('/hangs');
    receiver.answer('/hears', 202);
    await webhookTo('/hangs', { events: ['connection.disabled'] });
    const hears = await webhookTo('/hears', { events: ['connection.enabled'] });
    await recordEvent('con_1');
    await webhooks.tick();
    await receiver.until('/hangs', 1);
    for (const [index, connection] of ['con_2', 'con_3'].entries()) {
      await recordEvent(connection, 'connection.enabled');
      await webhooks.tick();
      await receiver.until('/hears', index + 1);
    }
    await tickUntil(
      () => summary(hears),
      [
        ['con_2', 'delivered', 202],
        ['con_3', 'delivered', 202],
      ],
    );
    // Its one request is still in flight. A delivery leaves the outbox just after its state is written.
    await tickUntil(async () => (await outbox()).map(({ value }) => value.attempts), [0]);
    expect(receiver.received.filter(({ path }) => path === '/hangs')).toHaveLength(1);
  });

  test('does not block a shutdown, and its aborted delivery is sent again without counting as an attempt', async () => {
    receiver.hang('/late');
    const webhook = await webhookTo('/late');
    await recordEvent('con_1');
    await recordEvent('con_2');
    await webhooks.tick();
    await receiver.until('/late', 1);
    await webhooks.close();
    expect((await outbox()).map(({ value }) => value)).toEqual(
      [1, 2].map(() => ({
        webhook: webhook.id,
        attempts: 0,
        next_attempt_at: bench.clock.ms,
        queued_at: bench.clock.ms,
      })),
    );
    expect(await summary(webhook)).toEqual([
      ['con_1', 'pending'],
      ['con_2', 'pending'],
    ]);
    expect(log).not.toContain('"level":"warn"');

    receiver.answer('/late', 202);
    webhooks = openWebhooks();
    await tickUntil(
      () => summary(webhook),
      [
        ['con_1', 'delivered', 202],
        ['con_2', 'delivered', 202],
      ],
    );
    const attempt = { attempted_at: '2026-11-23T12:00:00.000Z', http_status: 202, error: null };
    expect((await deliveries(webhook)).map(({ attempts }) => attempts)).toEqual([[attempt], [attempt]]);
  });
});

test('after a failed attempt, the webhook gets no further delivery in the same tick, even if the failed one is abandoned', async () => {
  receiver.answer('/away', 503);
  const webhook = await webhookTo('/away');
  for (const connection of ['con_1', 'con_2', 'con_3']) await recordEvent(connection);
  await tickUntil(async () => (await summary(webhook))[0], ['con_1', 'pending', 503]);
  await tickUntil(async () => (await outbox())[0]?.value.attempts, 1);
  bench.clock.ms += day;
  await webhooks.tick();
  await receiver.until('/away', 2);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await summary(webhook)).toEqual([
    ['con_1', 'failed', 503, 503],
    ['con_2', 'pending'],
    ['con_3', 'pending'],
  ]);
  // The receiver is back, and no further delivery is lost.
  receiver.answer('/away', 202);
  await tickUntil(
    () => summary(webhook),
    [
      ['con_1', 'failed', 503, 503],
      ['con_2', 'delivered', 202],
      ['con_3', 'delivered', 202],
    ],
  );
});

test('a failing delivery is attempted again after growing delays, up to a day, and its last ten attempts are kept', async () => {
  receiver.answer('/delays', 503);
  const webhook = await webhookTo('/delays');
  await recordEvent('con_1');
  const delays: number[] = [];
  for (let attempts = 1; attempts < 14; attempts++) {
    await tickUntil(async () => (await outbox())[0]?.value.attempts, attempts);
    const [entry] = await outbox();
    delays.push((entry!.value.next_attempt_at - bench.clock.ms) / 1_000);
    bench.clock.ms = entry!.value.next_attempt_at - 1;
    await webhooks.tick();
    expect(await outbox()).toEqual([entry]);
    bench.clock.ms += 1;
  }
  const fourHours = Array.from({ length: 6 }, () => 14_400);
  expect(delays).toEqual([5, 30, 120, 600, 1_800, 3_600, 7_200, ...fourHours]);
  expect(await summary(webhook)).toEqual([['con_1', 'pending', ...Array.from({ length: 10 }, () => 503)]]);
  await tickUntil(outbox, []);
  expect(await summary(webhook)).toEqual([['con_1', 'failed', ...Array.from({ length: 10 }, () => 503)]]);
});

test('a delivery in flight belongs to its replica for 30 seconds, three times as long as an attempt may take', async () => {
  const timeout = jest.spyOn(AbortSignal, 'timeout');
  receiver.hang('/claimed');
  await webhookTo('/claimed');
  await recordEvent('con_1');
  await webhooks.tick();
  await receiver.until('/claimed', 1);
  expect(timeout.mock.calls).toContainEqual([10_000]);
  timeout.mockRestore();
  const claimed = await outbox();

  const otherReplica = openWebhooks();
  bench.clock.ms += 29_999;
  await otherReplica.tick();
  // Waits for the run in flight. If it had attempted the delivery, it would have released the claim.
  await otherReplica.close();
  expect(await outbox()).toEqual(claimed);

  const nextReplica = openWebhooks();
  bench.clock.ms += 1;
  await nextReplica.tick();
  await receiver.until('/claimed', 2);
  await nextReplica.close();
});
