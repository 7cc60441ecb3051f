import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { clouds } from '../../../src/clouds/index.ts';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { azurePass } from '../../clouds/outside.ts';
import { askToken, type TestClient, withSecret } from '../../support/server.ts';
import { type Answered, openPipeline, type Pipeline } from './pipeline.ts';

const guid = (digit: string) => `${digit.repeat(8)}-1111-4111-8111-111111111111`;
const hour = 3_600_000;
const minute = 60_000;

let cloud: FakeCloud;
let clock: { ahead: number };
let pipeline: Pipeline;

const open = () =>
  openPipeline({
    now: () => Date.now() + clock.ahead,
    // Only the clock of the server is advanced, and a token for /v1 must outlive that.
    config: {
      clouds: { azure: { authority_host: cloud.origin } },
      tokens: { ttl: '1h' },
      keys: { stale_after: '1d' },
    },
  });

beforeEach(async () => {
  cloud = await startFakeCloud();
  cloud.answers = [pass('first')];
  clock = { ahead: 0 };
  pipeline = await open();
}, 60_000);
afterEach(async () => {
  await pipeline.close();
  await cloud.close();
});

const pass = (access_token: string) => json(200, { ...azurePass, access_token });
const refusal = json(401, {
  error: 'invalid_client',
  error_description: 'AADSTS700213: No.',
  error_codes: [700213],
});
const broken = json(500, {});
const connect = (digit = '1') =>
  pipeline.connect('azure', { tenant_id: guid(digit), client_id: guid(digit) });
const resultOf = ({ body }: Answered) =>
  (body.credentials as { access_token?: string } | undefined)?.access_token ?? body.code;
const resultFor = async (id: string) => resultOf(await pipeline.credentials(id));
/** From now on the cloud gives these answers. */
const setAnswers = (...answers: FakeCloud['answers']) => {
  const used = cloud.asked.map(() => broken);
  cloud.answers = [...used, ...answers];
};

test('a token request, an exchange and a token for a caller each build the destination once', async () => {
  const { id } = await connect();
  const destination = jest.spyOn(clouds.azure, 'entry');
  const built = async (use: () => Promise<{ readonly status: number }>) => {
    destination.mockClear();
    const { status } = await use();
    return [status, destination.mock.calls.length];
  };
  try {
    expect(await built(() => askToken(pipeline.base, withSecret(pipeline.client, { id })))).toEqual([200, 1]);
    expect(await built(() => pipeline.credentials(id))).toEqual([200, 1]);
    expect(await built(() => pipeline.ask(`${id}/token`))).toEqual([200, 1]);
  } finally {
    destination.mockRestore();
  }
});

describe('credentials that the cloud issues', () => {
  const acts: [string, (id: string, pipeline: Pipeline) => Promise<unknown>, number, string][] = [
    [
      'the connection is disabled',
      (id, { admin }) => admin.post(`/connections/${id}/disable`, {}),
      409,
      'connection_disabled',
    ],
    [
      'the client is disabled',
      (_, { admin, client }) => admin.patch(`/clients/${client.client_id}`, { disabled: true }),
      404,
      'connection_not_found',
    ],
    [
      'the client loses its rule',
      (_, { admin, client }) => admin.patch(`/clients/${client.client_id}`, { may_use: [] }),
      404,
      'connection_not_found',
    ],
  ];

  test.each(acts)('are not served if %s while it answers', async (_title, act, status, code) => {
    const { id } = await connect();
    await pipeline.admin.get(`/connections/${id}`);
    cloud.answers = [
      async () => {
        await act(id, pipeline);
        return pass('too late');
      },
    ];
    expect(await pipeline.credentials(id)).toMatchObject({ status, body: { code } });
    const [refused] = await pipeline.audit(`connection=${id}&event=exchange.refused`);
    expect(refused).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(code) });
    expect(await pipeline.audit(`connection=${id}&event=credentials.served`)).toEqual([]);
  });

  test('are not served if the target changes while it answers, but fetched for the new one', async () => {
    const { id } = await connect();
    cloud.answers = [
      async () => {
        await pipeline.admin.patch(`/connections/${id}`, { target: { client_id: guid('2') } });
        return pass('for the old one');
      },
      pass('for the new one'),
    ];
    expect(await resultFor(id)).toBe('for the new one');
    expect(cloud.asked.map(({ body }) => new URLSearchParams(body).get('client_id'))).toEqual([
      guid('1'),
      guid('2'),
    ]);
    expect(await pipeline.audit(`connection=${id}&event=credentials.served`)).toHaveLength(1);
  });

  test('are served with one audit line per violation of a guard in mode audit', async () => {
    const { id } = await connect();
    const guard = { name: 'watch', mode: 'audit', match: {}, require: { purposes: ['read'] } };
    await pipeline.admin.put('/policy', { version: 0, guards: [guard] });
    expect(await resultFor(id)).toBe('first');
    expect(await pipeline.audit(`connection=${id}&event=guard.violated`)).toHaveLength(1);
  });
});

describe('cached credentials', () => {
  test('are fetched with one cloud request for 200 concurrent callers', async () => {
    const { id } = await connect();
    const answers = await Promise.all(Array.from({ length: 200 }, () => pipeline.credentials(id)));
    expect(new Set(answers.map(resultOf))).toEqual(new Set(['first']));
    expect(cloud.asked).toHaveLength(1);
    const lines = await pipeline.audit(`connection=${id}&event=exchange.succeeded`);
    expect(lines).toHaveLength(1);
    expect(await pipeline.audit(`connection=${id}&event=credentials.served`)).toHaveLength(200);
  }, 60_000);

  test('are served until they expire while the cloud is down, and refreshed when the cloud is up again', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    setAnswers(broken);
    clock.ahead = hour - 4 * minute;
    expect(await resultFor(id)).toBe('first');
    expect(cloud.asked.length).toBe(1 + 3);
    expect(await resultFor(id)).toBe('first');
    expect(cloud.asked.length).toBe(1 + 3);
    setAnswers(pass('second'));
    clock.ahead += minute;
    expect(await resultFor(id)).toBe('second');
  });

  test('are not served in their last minute, even while the cloud is down', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    setAnswers(broken);
    clock.ahead = hour - minute / 2;
    expect(await resultFor(id)).toBe('cloud_unavailable');
  });

  test('are evicted by a refusal, and not served if the cloud is down afterwards', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    setAnswers(refusal);
    expect(await resultFor(id)).toBe('cloud_subject_mismatch');
    setAnswers(broken);
    // The refusal is repeated for 3 seconds.
    clock.ahead += 4_000;
    expect(await resultFor(id)).toBe('cloud_unavailable');
  });

  test('of one connection are never served for another connection with the same target', async () => {
    const [a, b] = [await connect(), await connect()];
    setAnswers(pass('of a'), pass('of b'));
    expect([await resultFor(a.id), await resultFor(b.id)]).toEqual(['of a', 'of b']);
    const mixed = await Promise.all(
      Array.from({ length: 40 }, (_, turn) => resultFor([a.id, b.id][turn % 2] ?? '')),
    );
    expect(mixed).toEqual(mixed.map((_, turn) => ['of a', 'of b'][turn % 2]));
    expect(cloud.asked).toHaveLength(2);
  }, 60_000);

  test('are not served after the target of the connection has changed', async () => {
    const { id } = await connect();
    setAnswers(pass('first'), pass('elsewhere'));
    expect(await resultFor(id)).toBe('first');
    await pipeline.admin.patch(`/connections/${id}`, { target: { client_id: guid('2') } });
    expect(await resultFor(id)).toBe('elsewhere');
    expect(new URLSearchParams(cloud.asked[1]?.body).get('client_id')).toBe(guid('2'));
    setAnswers(refusal);
    await pipeline.admin.patch(`/connections/${id}`, { target: { client_id: guid('3') } });
    expect(await resultFor(id)).toBe('cloud_subject_mismatch');
  });

  test('are not served and not fetched for a disabled or deleted connection', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    await pipeline.admin.post(`/connections/${id}/disable`);
    expect(await resultFor(id)).toBe('connection_disabled');
    await pipeline.admin.post(`/connections/${id}/enable`);
    expect(await resultFor(id)).toBe('first');
    await fetch(`${pipeline.server.adminOrigin}/admin/v1/connections/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${pipeline.server.adminToken}` },
    });
    expect(await resultFor(id)).toBe('connection_not_found');
    expect(cloud.asked).toHaveLength(1);
  });

  test('are not served to a client that was disabled or lost its rule, even with a valid token for /v1', async () => {
    const { id } = await connect();
    const client = await pipeline.admin.post<TestClient>('/clients', {
      name: 'other',
      may_use: [{ connection: id }],
    });
    const bearer = await pipeline.bearerOf(client);
    expect(resultOf(await pipeline.credentials(id, bearer))).toBe('first');
    await pipeline.admin.patch(`/clients/${client.client_id}`, { may_use: [] });
    expect(resultOf(await pipeline.credentials(id, bearer))).toBe('connection_not_found');
    await pipeline.admin.patch(`/clients/${client.client_id}`, { may_use: [{ connection: id }] });
    expect(resultOf(await pipeline.credentials(id, bearer))).toBe('first');
    await pipeline.admin.patch(`/clients/${client.client_id}`, { disabled: true });
    expect(resultOf(await pipeline.credentials(id, bearer))).toBe('unauthorized');
    expect(cloud.asked).toHaveLength(1);
  });

  test('are not used by a verification', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    setAnswers(refusal);
    expect(await pipeline.admin.post(`/connections/${id}/verify`)).toEqual({
      verdict: 'failing',
      state: 'pending',
      retry_at: expect.any(String),
      checks: [
        { name: 'target', outcome: 'passed', detail: 'Complete for azure.', advice: null },
        {
          name: 'exchange',
          outcome: 'propagating',
          condition: 'subject',
          fix: expect.stringMatching(/^az rest /),
          detail:
            'cloud_subject_mismatch: The federated credential has another subject. Azure says 700213: AADSTS700213: No.',
          advice:
            'The subject of the federated credential must match exactly, including case. A new credential takes some minutes to propagate and can fail again after a first success.',
        },
      ],
    });
  });
});

describe('the exchange pipeline, while the audit log cannot be written,', () => {
  /** Makes every write to the journal fail, or repairs it. */
  const breakJournal = (broken: boolean) => {
    const database = new DatabaseSync(join(pipeline.server.folder, 'sojourn.db'));
    database.exec(
      broken
        ? "CREATE TRIGGER no_audit BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'no audit'); END"
        : 'DROP TRIGGER no_audit',
    );
    database.close();
  };

  test('serves no cached or new credentials, and sends the cloud one request per caller', async () => {
    const [cold, warm] = [await connect('1'), await connect('2')];
    setAnswers(pass('warm'), pass('cold'));
    expect(await resultFor(warm.id)).toBe('warm');
    breakJournal(true);
    for (const path of [`${warm.id}/credentials`, `${warm.id}/token`, `${cold.id}/credentials`]) {
      const { status, retryAfter, body } = await pipeline.ask(path);
      expect({ status, retryAfter, body }).toEqual({
        status: 503,
        retryAfter: '5',
        body: {
          type: 'urn:sojourn:error:audit_unavailable',
          title: 'Service Unavailable',
          status: 503,
          code: 'audit_unavailable',
          detail: 'The audit log cannot be written, so the server issues nothing.',
          advice: 'Free space on the disk or in the store of the server, or set audit.on_failure to spool.',
          request_id: expect.any(String),
        },
      });
    }
    expect(cloud.asked).toHaveLength(2);
    breakJournal(false);
    setAnswers(pass('cold again'));
    expect([await resultFor(warm.id), await resultFor(cold.id)]).toEqual(['warm', 'cold again']);
  });

  test('keeps the cached credentials if a refresh succeeds', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    setAnswers(pass('never served'));
    breakJournal(true);
    expect(await resultFor(id)).toBe('audit_unavailable');
    breakJournal(false);
    setAnswers(broken);
    expect(await resultFor(id)).toBe('first');
  });

  test('evicts the cached credentials if the cloud refuses, and does not serve them if the cloud is down afterwards', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    setAnswers(refusal);
    breakJournal(true);
    expect(await resultFor(id)).toBe('audit_unavailable');
    breakJournal(false);
    setAnswers(broken);
    expect(await resultFor(id)).toBe('cloud_unavailable');
  });

  test('keeps the cached credentials if the cloud is down', async () => {
    const { id } = await connect();
    expect(await resultFor(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    setAnswers(broken);
    breakJournal(true);
    expect(await resultFor(id)).toBe('audit_unavailable');
    breakJournal(false);
    clock.ahead += minute;
    expect(await resultFor(id)).toBe('first');
  });
});
