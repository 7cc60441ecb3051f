/** Black box: an administrator creates a webhook, and a receiver over https gets events of connections. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore } from '../../../src/platform/store/index.ts';
import {
  type Ask,
  asking,
  byAdmin,
  idOf,
  moment,
  newestLine,
  plain,
  problem,
} from '../../server/http/ask.ts';
import { awsTarget, type TestConnection, type TestServer, testServer } from '../../support/server.ts';
import { type Receiver, readEvent, startReceiver } from './receiver.ts';

const day = 24 * 3_600_000;

let receiver: Receiver;
let server: TestServer;
let ask: Ask;
let ahead = 0;

const config = () => ({ webhooks: { allow_networks: ['127.0.0.0/8', '::1/128'], ca: receiver.caFile } });

beforeAll(async () => {
  receiver = await startReceiver();
  server = await testServer({ config: config(), now: () => Date.now() + ahead });
  ask = asking(server);
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

interface Created {
  readonly id: string;
}

interface DeliveryAnswer {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly object[];
}

const tenantNamed = async (name: string) => (await ask('POST /tenants', { body: { name } })).body as Created;
const connectionOf = async (tenant: Created) =>
  (
    await ask('POST /connections', {
      body: { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget },
    })
  ).body as TestConnection;
const webhookTo = async (path: string, other: object = {}) =>
  (await ask('POST /webhooks', { body: { url: receiver.origin + path, ...other } })).body as Created;
const deliveriesOf = async ({ id }: Created) =>
  ((await ask(`GET /webhooks/${id}/deliveries`)).body as { items: DeliveryAnswer[] }).items;

async function deliveriesIn(webhook: Created, state: string, count = 1): Promise<readonly DeliveryAnswer[]> {
  for (let tries = 0; tries < 200; tries++) {
    const matching = (await deliveriesOf(webhook)).filter((delivery) => delivery.state === state);
    if (matching.length >= count) return matching;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no ${count} deliveries are ${state}`);
}

describe('a webhook', () => {
  test('gets security event tokens that the published keys verify and no cloud accepts', async () => {
    receiver.answer('/events', 202);
    const url = `${receiver.origin}/events`;
    const made = await plain(ask('POST /webhooks', { body: { url } }));
    const webhook = { ...(made.body as Created) };
    expect(made).toEqual({
      status: 201,
      body: {
        id: idOf('whk'),
        url,
        tenant: null,
        events: [
          'connection.created',
          'connection.updated',
          'connection.deleted',
          'connection.enabled',
          'connection.disabled',
          'connection.verified',
          'connection.exposed',
          'connection.drifted',
          'connection.recovered',
          'connection.setup_reported',
          'connection.paused',
          'connection.resumed',
          'connection.jwks_uploaded',
        ],
        disabled: false,
        created_at: moment,
        updated_at: moment,
      },
    });
    expect(await newestLine(ask)).toEqual({
      event: 'webhook.created',
      ...byAdmin,
      facts: { webhook: webhook.id },
    });

    const tenant = await tenantNamed('Acme');
    const connection = await connectionOf(tenant);
    const [first] = await receiver.until('/events', 1);
    expect(first?.contentType).toBe('application/secevent+jwt');
    const { header, payload } = await readEvent(server.issuer, url, first!);
    expect(header).toEqual({ alg: 'ES256', typ: 'secevent+jwt', kid: expect.any(String) });
    const [delivery] = await deliveriesIn(webhook, 'delivered');
    expect(payload).toEqual({
      iss: server.issuer,
      aud: url,
      jti: delivery?.id,
      iat: expect.any(Number),
      toe: expect.any(Number),
      sub_id: { format: 'opaque', id: connection.id },
      events: {
        'urn:sojourn:event:connection.created': {
          connection: connection.id,
          tenant: tenant.id,
          occurred_at: moment,
          cloud: 'aws',
        },
      },
    });
    expect(delivery).toEqual({
      id: expect.stringMatching(new RegExp(`^${webhook.id}\\.\\d{16}$`)),
      event: 'connection.created',
      connection: connection.id,
      tenant: tenant.id,
      occurred_at: moment,
      state: 'delivered',
      attempts: [{ attempted_at: moment, http_status: 202, error: null }],
    });

    await ask(`POST /connections/${connection.id}/disable`);
    await ask(`POST /connections/${connection.id}/enable`);
    await ask(`DELETE /connections/${connection.id}`);
    const all = await receiver.until('/events', 4);
    const tokens = await Promise.all(all.map((request) => readEvent(server.issuer, url, request)));
    expect(tokens.map((token) => Object.keys(token.payload.events as object)[0])).toEqual(
      ['created', 'disabled', 'enabled', 'deleted'].map((verb) => `urn:sojourn:event:connection.${verb}`),
    );
    await ask(`DELETE /webhooks/${webhook.id}`);
    expect(await plain(ask(`GET /webhooks/${webhook.id}`))).toEqual(
      problem(404, 'webhook_not_found', 'There is no such webhook.'),
    );
  });

  test('gets only events of its tenant and its event list, and none while it is disabled', async () => {
    receiver.answer('/some', 200);
    const [mine, other] = [await tenantNamed('mine'), await tenantNamed('other')];
    const webhook = await webhookTo('/some', { tenant: mine.id, events: ['connection.disabled'] });
    const [here, there] = [await connectionOf(mine), await connectionOf(other)];
    await ask(`POST /connections/${there.id}/disable`);
    await ask(`POST /connections/${here.id}/disable`);
    await deliveriesIn(webhook, 'delivered');
    await ask(`PATCH /webhooks/${webhook.id}`, { body: { disabled: true } });
    await ask(`POST /connections/${here.id}/disable`);
    // When another webhook has got the event, this one has been processed too.
    receiver.answer('/witness', 200);
    const witness = await webhookTo('/witness');
    await ask(`POST /connections/${here.id}/enable`);
    await receiver.until('/witness', 1);
    await ask(`PATCH /webhooks/${webhook.id}`, { body: { disabled: false } });
    await ask(`POST /connections/${here.id}/disable`);
    await deliveriesIn(webhook, 'delivered', 2);
    expect((await deliveriesOf(webhook)).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    for (const { id } of [webhook, witness]) await ask(`DELETE /webhooks/${id}`);
  });
});

describe('a failing receiver', () => {
  test('gets its deliveries again in order, without a delay for other receivers', async () => {
    receiver.answer('/down', 503);
    receiver.answer('/up', 200);
    const [down, up] = [await webhookTo('/down'), await webhookTo('/up')];
    const connection = await connectionOf(await tenantNamed('Acme'));
    await ask(`POST /connections/${connection.id}/disable`);
    await deliveriesIn(up, 'delivered', 2);
    await receiver.until('/down', 1);
    receiver.answer('/down', 200);
    ahead += 10_000;
    const [first, second] = await deliveriesIn(down, 'delivered', 2);
    expect(first?.attempts).toEqual([
      { attempted_at: moment, http_status: 503, error: null },
      { attempted_at: moment, http_status: 200, error: null },
    ]);
    expect(second?.attempts).toEqual([{ attempted_at: moment, http_status: 200, error: null }]);
    for (const { id } of [down, up]) await ask(`DELETE /webhooks/${id}`);
  });

  test('is abandoned after a day, with an audit event, and the delivery can be redelivered', async () => {
    receiver.answer('/lost', 500);
    const webhook = await webhookTo('/lost', { events: ['connection.created'] });
    const connection = await connectionOf(await tenantNamed('Acme'));
    await receiver.until('/lost', 1);
    ahead += day;
    const [lost] = await deliveriesIn(webhook, 'failed');
    const { body } = await ask(`GET /audit?connection=${connection.id}&event=webhook.abandoned`);
    expect((body as { items: object[] }).items).toEqual([
      {
        id: expect.any(Number),
        occurred_at: moment,
        event: 'webhook.abandoned',
        outcome: 'failed',
        actor: 'system',
        connection: connection.id,
        tenant: connection.tenant,
        facts: { webhook: webhook.id, delivery: lost?.id, status: 500, event: 'connection.created' },
      },
    ]);
    receiver.answer('/lost', 204);
    const again = await plain(ask(`POST /webhooks/${webhook.id}/deliveries/${lost?.id}/redeliver`));
    expect(again).toEqual({ status: 200, body: { ...lost, state: 'pending' } });
    expect(await newestLine(ask)).toEqual({
      event: 'webhook.redelivery_requested',
      ...byAdmin,
      facts: { webhook: webhook.id, delivery: lost?.id },
    });
    const [delivered] = await deliveriesIn(webhook, 'delivered');
    expect(delivered?.attempts).toEqual([
      ...lost!.attempts,
      { attempted_at: moment, http_status: 204, error: null },
    ]);
    await ask(`DELETE /webhooks/${webhook.id}`);
  });

  test('that rejects an event does not get it again, but gets the next event', async () => {
    receiver.answer('/picky', 400);
    const webhook = await webhookTo('/picky');
    const connection = await connectionOf(await tenantNamed('Acme'));
    const [rejected] = await deliveriesIn(webhook, 'failed');
    expect(rejected?.attempts).toEqual([{ attempted_at: moment, http_status: 400, error: null }]);
    receiver.answer('/picky', 200);
    await ask(`POST /connections/${connection.id}/disable`);
    expect((await deliveriesIn(webhook, 'delivered'))[0]?.attempts).toHaveLength(1);
    await ask(`DELETE /webhooks/${webhook.id}`);
  });

  test('that redirects is not followed', async () => {
    receiver.answer('/moved', 307, { location: `${receiver.origin}/elsewhere` });
    receiver.answer('/elsewhere', 200);
    const webhook = await webhookTo('/moved');
    await connectionOf(await tenantNamed('Acme'));
    await receiver.until('/moved', 1);
    expect(receiver.received.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    await ask(`DELETE /webhooks/${webhook.id}`);
  });
});

describe('the webhook API', () => {
  test.each([
    ['http://ops.example.com/hook'],
    ['https://user:word@ops.example.com/hook'],
    ['https://ops.example.com/hook#part'],
    ['ftp://ops.example.com'],
    ['no url'],
  ])('refuses the URL %s', async (url) => {
    const refused = await plain(ask('POST /webhooks', { body: { url } }));
    expect(refused).toEqual(
      problem(400, 'invalid_request', 'url: must be an https URL without a user or fragment'),
    );
    expect((await plain(ask('GET /webhooks'))).body).toEqual({ items: [], next: null });
  });

  test('refuses an unknown tenant and an unknown event', async () => {
    const url = 'https://ops.example.com/hook';
    const unknown = { url, tenant: 'ten_00000000000000000000000000' };
    expect(await plain(ask('POST /webhooks', { body: unknown }))).toEqual(
      problem(404, 'tenant_not_found', 'There is no such tenant.'),
    );
    const { status } = await ask('POST /webhooks', { body: { url, events: ['token.issued'] } });
    expect(status).toBe(400);
    expect((await plain(ask('GET /webhooks'))).body).toEqual({ items: [], next: null });
  });

  test('allows fifty webhooks, and finds no delivery of another webhook', async () => {
    const url = 'https://ops.example.com/hook';
    const made: Created[] = [];
    while (made.length < 50) made.push((await ask('POST /webhooks', { body: { url } })).body as Created);
    expect(await plain(ask('POST /webhooks', { body: { url } }))).toEqual(
      problem(409, 'webhook_limit', 'The limit of 50 webhooks is reached.'),
    );
    const [one, other] = made as [Created, Created];
    const foreign = `${other.id}.${'0'.repeat(16)}`;
    for (const delivery of [foreign, 'x'])
      expect(await plain(ask(`POST /webhooks/${one.id}/deliveries/${delivery}/redeliver`))).toEqual(
        problem(404, 'delivery_not_found', 'The webhook has no such delivery.'),
      );
    for (const { id } of made) await ask(`DELETE /webhooks/${id}`);
    expect((await plain(ask('GET /webhooks'))).body).toEqual({ items: [], next: null });
  });

  test('delivers to public addresses only unless configured otherwise, and never logs or reports the path of a URL', async () => {
    const strict = await testServer();
    try {
      const there = asking(strict);
      const url = `${receiver.origin}/services/T0/B0/hidden-in-the-path?key=hidden-in-the-query`;
      const { body } = await there('POST /webhooks', { body: { url } });
      const { id } = body as Created;
      const tenant = (await there('POST /tenants', { body: { name: 'Acme' } })).body as Created;
      await there('POST /connections', {
        body: { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget },
      });
      let attempts: readonly object[] = [];
      for (let tries = 0; attempts.length === 0 && tries < 200; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const { items } = (await there(`GET /webhooks/${id}/deliveries`)).body as { items: DeliveryAnswer[] };
        attempts = items[0]?.attempts ?? [];
      }
      const host = new URL(receiver.origin).host;
      expect(attempts).toEqual([
        {
          attempted_at: moment,
          http_status: null,
          error: expect.stringMatching(
            new RegExp(
              `^${host} resolves to [0-9a-f.:]+, which is not public and not in webhooks.allow_networks.$`,
            ),
          ),
        },
      ]);
      expect(strict.logged()).toContain('a webhook delivery failed');
      expect(strict.logged()).not.toContain('hidden-in');
    } finally {
      await strict.close();
    }
  });
});

/** Starts a server with one webhook and stops it before its one event was delivered. */
async function closedServer(path: string, hangs = false) {
  if (hangs) receiver.hang(path);
  else receiver.answer(path, 503);
  const first = await testServer({ config: config() });
  const there = asking(first);
  const { body } = await there('POST /webhooks', { body: { url: receiver.origin + path } });
  const tenant = (await there('POST /tenants', { body: { name: 'Acme' } })).body as Created;
  const connection = { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget };
  await there('POST /connections', { body: connection });
  if (hangs) await receiver.until(path, 1);
  await first.stop();
  receiver.answer(path, 200);
  return { first, webhook: body as Created, connection };
}

/** The delivered deliveries of this connection, or of any, once there is one. */
async function deliveredThere(there: Ask, webhook: Created, about?: Created) {
  for (let tries = 0; ; tries++) {
    const { items } = (await there(`GET /webhooks/${webhook.id}/deliveries`)).body as {
      items: (DeliveryAnswer & { connection: string })[];
    };
    const found = items.filter(
      ({ connection, state }) => (!about || connection === about.id) && state === 'delivered',
    );
    if (found.length > 0 || tries === 200) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const again = (first: TestServer) =>
  testServer({
    config: config(),
    folder: first.folder,
    port: Number(new URL(first.issuer).port),
    now: () => Date.now() + 60_000,
  });

describe('a restarted server', () => {
  test('sends the deliveries that were pending', async () => {
    const { first } = await closedServer('/later');
    const second = await again(first);
    try {
      const received = await receiver.until('/later', 1);
      const { payload } = await readEvent(first.issuer, `${receiver.origin}/later`, received.at(-1)!);
      expect(Object.keys(payload.events as object)).toEqual(['urn:sojourn:event:connection.created']);
    } finally {
      await second.close();
    }
  });

  test('sends a delivery again whose request the shutdown aborted, without counting it as an attempt', async () => {
    const { first, webhook } = await closedServer('/unanswered', true);
    expect(first.logged()).not.toContain('a webhook delivery failed');
    const second = await again(first);
    try {
      await receiver.until('/unanswered', 2);
      const [delivery] = await deliveredThere(asking(second), webhook);
      expect(delivery?.attempts).toEqual([{ attempted_at: moment, http_status: 200, error: null }]);
    } finally {
      await second.close();
    }
  });

  test('delivers new events after a restore that restarted the audit line ids', async () => {
    const { first, webhook, connection } = await closedServer('/restored');
    const store = await openStore(`sqlite:${first.folder}/sojourn.db`, {
      logger: createLogger({ level: 'silent' }),
      now: Date.now,
    });
    const stored = await store.get<object>('webhook', webhook.id);
    await store.replace('webhook', webhook.id, stored!.version, { ...stored!.value, cursor: 1_000_000 });
    await store.close();
    const second = await again(first);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const there = asking(second);
      const made = (await there('POST /connections', { body: connection })).body as Created;
      const items = await deliveredThere(there, webhook, made);
      expect(items).toEqual([expect.objectContaining({ event: 'connection.created', state: 'delivered' })]);
    } finally {
      await second.close();
    }
  });
});
