import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { azurePass } from '../../clouds/outside.ts';
import type { TestClient } from '../../support/server.ts';
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
    // The hour is moved for the server only, and a token for /v1 is to outlive that.
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
const given = ({ body }: Answered) =>
  (body.credentials as { access_token?: string } | undefined)?.access_token ?? body.code;
const enter = async (id: string) => given(await pipeline.credentials(id));
/** From here on the cloud answers this. */
const nowAnswers = (...answers: FakeCloud['answers']) => {
  const said = cloud.asked.map(() => broken);
  cloud.answers = [...said, ...answers];
};

describe('credentials that are kept', () => {
  test('200 callers of a cold connection make one call', async () => {
    const { id } = await connect();
    const answers = await Promise.all(Array.from({ length: 200 }, () => pipeline.credentials(id)));
    expect(new Set(answers.map(given))).toEqual(new Set(['first']));
    expect(cloud.asked).toHaveLength(1);
    const lines = await pipeline.audit(`connection=${id}&event=exchange.succeeded`);
    expect(lines).toHaveLength(1);
    expect(await pipeline.audit(`connection=${id}&event=credentials.served`)).toHaveLength(200);
  }, 60_000);

  test('are served while the cloud is down, as long as they live, and renewed when it is back', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    nowAnswers(broken);
    clock.ahead = hour - 4 * minute;
    expect(await enter(id)).toBe('first');
    expect(cloud.asked.length).toBe(1 + 3);
    expect(await enter(id)).toBe('first');
    expect(cloud.asked.length).toBe(1 + 3);
    nowAnswers(pass('second'));
    clock.ahead += minute;
    expect(await enter(id)).toBe('second');
  });

  test('are not served in their last minute, whatever the cloud does', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    nowAnswers(broken);
    clock.ahead = hour - minute / 2;
    expect(await enter(id)).toBe('cloud_unavailable');
  });

  test('are taken away by a refusal, also when the cloud is down after it', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    nowAnswers(refusal);
    expect(await enter(id)).toBe('cloud_subject_mismatch');
    nowAnswers(broken);
    expect(await enter(id)).toBe('cloud_unavailable');
  });

  test('of one connection are never served for another, though both lead to one identity', async () => {
    const [a, b] = [await connect(), await connect()];
    nowAnswers(pass('of a'), pass('of b'));
    expect([await enter(a.id), await enter(b.id)]).toEqual(['of a', 'of b']);
    const mixed = await Promise.all(
      Array.from({ length: 40 }, (_, turn) => enter([a.id, b.id][turn % 2] ?? '')),
    );
    expect(mixed).toEqual(mixed.map((_, turn) => ['of a', 'of b'][turn % 2]));
    expect(cloud.asked).toHaveLength(2);
  }, 60_000);

  test('are not served for a connection that leads elsewhere since', async () => {
    const { id } = await connect();
    nowAnswers(pass('first'), pass('elsewhere'));
    expect(await enter(id)).toBe('first');
    await pipeline.admin.patch(`/connections/${id}`, { target: { client_id: guid('2') } });
    expect(await enter(id)).toBe('elsewhere');
    expect(new URLSearchParams(cloud.asked[1]?.body).get('client_id')).toBe(guid('2'));
    nowAnswers(refusal);
    await pipeline.admin.patch(`/connections/${id}`, { target: { client_id: guid('3') } });
    expect(await enter(id)).toBe('cloud_subject_mismatch');
  });

  test('are not served for a connection that is disabled or deleted, nor asked for', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    await pipeline.admin.post(`/connections/${id}/disable`);
    expect(await enter(id)).toBe('connection_disabled');
    await pipeline.admin.post(`/connections/${id}/enable`);
    expect(await enter(id)).toBe('first');
    await fetch(`${pipeline.server.adminOrigin}/admin/v1/connections/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${pipeline.server.adminToken}` },
    });
    expect(await enter(id)).toBe('connection_not_found');
    expect(cloud.asked).toHaveLength(1);
  });

  test('are not served to a client that lost its rule or was disabled, whose token for /v1 still lives', async () => {
    const { id } = await connect();
    const client = await pipeline.admin.post<TestClient>('/clients', {
      name: 'other',
      may_use: [{ connection: id }],
    });
    const bearer = await pipeline.bearerOf(client);
    expect(given(await pipeline.credentials(id, bearer))).toBe('first');
    await pipeline.admin.patch(`/clients/${client.client_id}`, { may_use: [] });
    expect(given(await pipeline.credentials(id, bearer))).toBe('connection_not_found');
    await pipeline.admin.patch(`/clients/${client.client_id}`, { may_use: [{ connection: id }] });
    expect(given(await pipeline.credentials(id, bearer))).toBe('first');
    await pipeline.admin.patch(`/clients/${client.client_id}`, { disabled: true });
    expect(given(await pipeline.credentials(id, bearer))).toBe('unauthorized');
    expect(cloud.asked).toHaveLength(1);
  });

  test('are not what a verification looks at', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    nowAnswers(refusal);
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

describe('while cannot write the audit log', () => {
  /** Lets every write of the journal fail, or none. */
  const breakJournal = (broken: boolean) => {
    const database = new DatabaseSync(join(pipeline.server.folder, 'sojourn.db'));
    database.exec(
      broken
        ? "CREATE TRIGGER no_audit BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'no audit'); END"
        : 'DROP TRIGGER no_audit',
    );
    database.close();
  };

  test('nothing is given out, kept or not, and no cloud is asked twice for one caller', async () => {
    const [cold, warm] = [await connect('1'), await connect('2')];
    nowAnswers(pass('warm'), pass('cold'));
    expect(await enter(warm.id)).toBe('warm');
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
          advice:
            'Free space on the disk or in the store of the server, or set audit.on_failure to continue.',
          request_id: expect.any(String),
        },
      });
    }
    expect(cloud.asked).toHaveLength(2);
    breakJournal(false);
    nowAnswers(pass('cold again'));
    expect([await enter(warm.id), await enter(cold.id)]).toEqual(['warm', 'cold again']);
  });

  test('a renewal that cannot be written down takes away nothing that was given before', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    nowAnswers(pass('never told'));
    breakJournal(true);
    expect(await enter(id)).toBe('audit_unavailable');
    breakJournal(false);
    nowAnswers(broken);
    expect(await enter(id)).toBe('first');
  });

  test('a refusal stands, though it cannot be written down, also when the cloud is down after it', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    nowAnswers(refusal);
    breakJournal(true);
    expect(await enter(id)).toBe('audit_unavailable');
    breakJournal(false);
    nowAnswers(broken);
    expect(await enter(id)).toBe('cloud_unavailable');
  });

  test('an outage that cannot be written down takes away nothing that was given before', async () => {
    const { id } = await connect();
    expect(await enter(id)).toBe('first');
    clock.ahead = hour - 4 * minute;
    nowAnswers(broken);
    breakJournal(true);
    expect(await enter(id)).toBe('audit_unavailable');
    breakJournal(false);
    clock.ahead += minute;
    expect(await enter(id)).toBe('first');
  });
});
