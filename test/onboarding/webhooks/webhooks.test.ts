/** Black box: an administrator adds a webhook, and a receiver over https hears of connections. */
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

interface Made {
  readonly id: string;
}

interface Told {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly object[];
}

const tenantNamed = async (name: string) => (await ask('POST /tenants', { body: { name } })).body as Made;
const connectionOf = async (tenant: Made) =>
  (
    await ask('POST /connections', {
      body: { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget },
    })
  ).body as TestConnection;
const webhookTo = async (path: string, other: object = {}) =>
  (await ask('POST /webhooks', { body: { url: receiver.origin + path, ...other } })).body as Made;
const deliveriesOf = async ({ id }: Made) =>
  ((await ask(`GET /webhooks/${id}/deliveries`)).body as { items: Told[] }).items;

async function settled(webhook: Made, state: string, count = 1): Promise<readonly Told[]> {
  for (let tries = 0; tries < 200; tries++) {
    const there = (await deliveriesOf(webhook)).filter((one) => one.state === state);
    if (there.length >= count) return there;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no ${count} deliveries are ${state}`);
}

describe('what is told', () => {
  test('is a security event token that the published keys verify and no cloud could take', async () => {
    receiver.answer('/told', 202);
    const url = `${receiver.origin}/told`;
    const made = await plain(ask('POST /webhooks', { body: { url } }));
    const webhook = { ...(made.body as Made) };
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
    const [first] = await receiver.until('/told', 1);
    expect(first?.contentType).toBe('application/secevent+jwt');
    const { header, payload } = await readEvent(server.issuer, url, first!);
    expect(header).toEqual({ alg: 'ES256', typ: 'secevent+jwt', kid: expect.any(String) });
    const [delivery] = await settled(webhook, 'delivered');
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
          at: moment,
          cloud: 'aws',
        },
      },
    });
    expect(delivery).toEqual({
      id: expect.stringMatching(new RegExp(`^${webhook.id}\\.\\d{16}$`)),
      event: 'connection.created',
      connection: connection.id,
      tenant: tenant.id,
      at: moment,
      state: 'delivered',
      attempts: [{ at: moment, status: 202, error: null }],
    });

    await ask(`POST /connections/${connection.id}/disable`);
    await ask(`POST /connections/${connection.id}/enable`);
    await ask(`DELETE /connections/${connection.id}`);
    const all = await receiver.until('/told', 4);
    const told = await Promise.all(all.map((one) => readEvent(server.issuer, url, one)));
    expect(told.map((one) => Object.keys(one.payload.events as object)[0])).toEqual(
      ['created', 'disabled', 'enabled', 'deleted'].map((verb) => `urn:sojourn:event:connection.${verb}`),
    );
    await ask(`DELETE /webhooks/${webhook.id}`);
    expect(await plain(ask(`GET /webhooks/${webhook.id}`))).toEqual(
      problem(404, 'webhook_not_found', 'There is no such webhook.'),
    );
  });

  test('is what was asked for: this tenant, this event, and nothing while it is disabled', async () => {
    receiver.answer('/some', 200);
    const [mine, other] = [await tenantNamed('mine'), await tenantNamed('other')];
    const webhook = await webhookTo('/some', { tenant: mine.id, events: ['connection.disabled'] });
    const [here, there] = [await connectionOf(mine), await connectionOf(other)];
    await ask(`POST /connections/${there.id}/disable`);
    await ask(`POST /connections/${here.id}/disable`);
    await settled(webhook, 'delivered');
    await ask(`PATCH /webhooks/${webhook.id}`, { body: { disabled: true } });
    await ask(`POST /connections/${here.id}/disable`);
    // Another webhook has heard of it: by then it was looked at for this one as well.
    receiver.answer('/witness', 200);
    const witness = await webhookTo('/witness');
    await ask(`POST /connections/${here.id}/enable`);
    await receiver.until('/witness', 1);
    await ask(`PATCH /webhooks/${webhook.id}`, { body: { disabled: false } });
    await ask(`POST /connections/${here.id}/disable`);
    await settled(webhook, 'delivered', 2);
    expect((await deliveriesOf(webhook)).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    for (const { id } of [webhook, witness]) await ask(`DELETE /webhooks/${id}`);
  });
});

describe('a receiver that does not hear', () => {
  test('is tried again, in the order of what happened, and others do not wait for it', async () => {
    receiver.answer('/down', 503);
    receiver.answer('/up', 200);
    const [down, up] = [await webhookTo('/down'), await webhookTo('/up')];
    const connection = await connectionOf(await tenantNamed('Acme'));
    await ask(`POST /connections/${connection.id}/disable`);
    await settled(up, 'delivered', 2);
    await receiver.until('/down', 1);
    receiver.answer('/down', 200);
    ahead += 10_000;
    const [first, second] = await settled(down, 'delivered', 2);
    expect(first?.attempts).toEqual([
      { at: moment, status: 503, error: null },
      { at: moment, status: 200, error: null },
    ]);
    expect(second?.attempts).toEqual([{ at: moment, status: 200, error: null }]);
    for (const { id } of [down, up]) await ask(`DELETE /webhooks/${id}`);
  });

  test('for a day is given up and told in the audit; it can be sent again', async () => {
    receiver.answer('/lost', 500);
    const webhook = await webhookTo('/lost', { events: ['connection.created'] });
    const connection = await connectionOf(await tenantNamed('Acme'));
    await receiver.until('/lost', 1);
    ahead += day;
    const [lost] = await settled(webhook, 'failed');
    const { body } = await ask(`GET /audit?connection=${connection.id}&event=webhook.abandoned`);
    expect((body as { items: object[] }).items).toEqual([
      {
        id: expect.any(Number),
        at: moment,
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
    const [heard] = await settled(webhook, 'delivered');
    expect(heard?.attempts).toEqual([...lost!.attempts, { at: moment, status: 204, error: null }]);
    await ask(`DELETE /webhooks/${webhook.id}`);
  });

  test('because it refuses the event is not asked again, and hears of the next', async () => {
    receiver.answer('/picky', 400);
    const webhook = await webhookTo('/picky');
    const connection = await connectionOf(await tenantNamed('Acme'));
    const [refused] = await settled(webhook, 'failed');
    expect(refused?.attempts).toEqual([{ at: moment, status: 400, error: null }]);
    receiver.answer('/picky', 200);
    await ask(`POST /connections/${connection.id}/disable`);
    expect((await settled(webhook, 'delivered'))[0]?.attempts).toHaveLength(1);
    await ask(`DELETE /webhooks/${webhook.id}`);
  });

  test('since it sends elsewhere is not followed', async () => {
    receiver.answer('/moved', 307, { location: `${receiver.origin}/elsewhere` });
    receiver.answer('/elsewhere', 200);
    const webhook = await webhookTo('/moved');
    await connectionOf(await tenantNamed('Acme'));
    await receiver.until('/moved', 1);
    expect(receiver.received.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    await ask(`DELETE /webhooks/${webhook.id}`);
  });
});

describe('where a webhook leads', () => {
  test.each([
    ['http://ops.example.com/hook'],
    ['https://user:word@ops.example.com/hook'],
    ['https://ops.example.com/hook#part'],
    ['ftp://ops.example.com'],
    ['no url'],
  ])('is refused when it is %s', async (url) => {
    const refused = await plain(ask('POST /webhooks', { body: { url } }));
    expect(refused).toEqual(
      problem(400, 'invalid_request', 'url: must be an https URL without a user or fragment'),
    );
    expect((await plain(ask('GET /webhooks'))).body).toEqual({ items: [], next: null });
  });

  test('is not a tenant, an event or a number that there is not', async () => {
    const url = 'https://ops.example.com/hook';
    const unknown = { url, tenant: 'ten_00000000000000000000000000' };
    expect(await plain(ask('POST /webhooks', { body: unknown }))).toEqual(
      problem(404, 'tenant_not_found', 'There is no such tenant.'),
    );
    const { status } = await ask('POST /webhooks', { body: { url, events: ['token.issued'] } });
    expect(status).toBe(400);
    expect((await plain(ask('GET /webhooks'))).body).toEqual({ items: [], next: null });
  });

  test('is one of fifty at most, and tells of no delivery that is not its own', async () => {
    const url = 'https://ops.example.com/hook';
    const made: Made[] = [];
    while (made.length < 50) made.push((await ask('POST /webhooks', { body: { url } })).body as Made);
    expect(await plain(ask('POST /webhooks', { body: { url } }))).toEqual(
      problem(409, 'webhook_limit', 'There are 50 webhooks, the most there can be.'),
    );
    const [one, other] = made as [Made, Made];
    const foreign = `${other.id}.${'0'.repeat(16)}`;
    for (const delivery of [foreign, 'x'])
      expect(await plain(ask(`POST /webhooks/${one.id}/deliveries/${delivery}/redeliver`))).toEqual(
        problem(404, 'delivery_not_found', 'The webhook has no such delivery.'),
      );
    for (const { id } of made) await ask(`DELETE /webhooks/${id}`);
    expect((await plain(ask('GET /webhooks'))).body).toEqual({ items: [], next: null });
  });

  test('is public unless the operator says otherwise, and its path is in no message and no log', async () => {
    const strict = await testServer();
    try {
      const there = asking(strict);
      const url = `${receiver.origin}/services/T0/B0/hidden-in-the-path?key=hidden-in-the-query`;
      const { body } = await there('POST /webhooks', { body: { url } });
      const { id } = body as Made;
      const tenant = (await there('POST /tenants', { body: { name: 'Acme' } })).body as Made;
      await there('POST /connections', {
        body: { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget },
      });
      let attempts: readonly object[] = [];
      for (let tries = 0; attempts.length === 0 && tries < 200; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const { items } = (await there(`GET /webhooks/${id}/deliveries`)).body as { items: Told[] };
        attempts = items[0]?.attempts ?? [];
      }
      const host = new URL(receiver.origin).host;
      expect(attempts).toEqual([
        {
          at: moment,
          status: null,
          error: expect.stringMatching(
            new RegExp(
              `^${host} leads to [0-9a-f.:]+, which is not public and not in webhooks.allow_networks.$`,
            ),
          ),
        },
      ]);
      expect(strict.logged()).toContain('a webhook was not heard');
      expect(strict.logged()).not.toContain('hidden-in');
    } finally {
      await strict.close();
    }
  });
});

/** A server with one webhook, closed before it could tell of one connection. */
async function closedServer(path: string, hangs = false) {
  if (hangs) receiver.hang(path);
  else receiver.answer(path, 503);
  const first = await testServer({ config: config() });
  const there = asking(first);
  const { body } = await there('POST /webhooks', { body: { url: receiver.origin + path } });
  const tenant = (await there('POST /tenants', { body: { name: 'Acme' } })).body as Made;
  const connection = { name: 'prod', tenant: tenant.id, cloud: 'aws', target: awsTarget };
  await there('POST /connections', { body: connection });
  if (hangs) await receiver.until(path, 1);
  await first.stop();
  receiver.answer(path, 200);
  return { first, webhook: body as Made, connection };
}

/** The deliveries about this connection, or any, once one has arrived. */
async function deliveredThere(there: Ask, webhook: Made, about?: Made) {
  for (let tries = 0; ; tries++) {
    const { items } = (await there(`GET /webhooks/${webhook.id}/deliveries`)).body as {
      items: (Told & { connection: string })[];
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

describe('a server that comes back', () => {
  test('goes on where it was', async () => {
    const { first } = await closedServer('/later');
    const second = await again(first);
    try {
      const heard = await receiver.until('/later', 1);
      const { payload } = await readEvent(first.issuer, `${receiver.origin}/later`, heard.at(-1)!);
      expect(Object.keys(payload.events as object)).toEqual(['urn:sojourn:event:connection.created']);
    } finally {
      await second.close();
    }
  });

  test('tells what a receiver had not answered when it went, which was no try', async () => {
    const { first, webhook } = await closedServer('/unanswered', true);
    expect(first.logged()).not.toContain('a webhook was not heard');
    const second = await again(first);
    try {
      await receiver.until('/unanswered', 2);
      const [told] = await deliveredThere(asking(second), webhook);
      expect(told?.attempts).toEqual([{ at: moment, status: 200, error: null }]);
    } finally {
      await second.close();
    }
  });

  test('with a restored store, whose audit counts anew, tells what happens then', async () => {
    const { first, webhook, connection } = await closedServer('/restored');
    const store = await openStore(`sqlite:${first.folder}/sojourn.db`, {
      logger: createLogger({ level: 'silent' }),
      now: Date.now,
    });
    const kept = await store.get<object>('webhook', webhook.id);
    await store.replace('webhook', webhook.id, kept!.version, { ...kept!.value, cursor: 1_000_000 });
    await store.close();
    const second = await again(first);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const there = asking(second);
      const made = (await there('POST /connections', { body: connection })).body as Made;
      const items = await deliveredThere(there, webhook, made);
      expect(items).toEqual([expect.objectContaining({ event: 'connection.created', state: 'delivered' })]);
    } finally {
      await second.close();
    }
  });
});
