/** A single-use token is consumed when a token is issued for it, and not by a refusal. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { askToken, awsTarget } from '../../support/server.ts';
import { type Stage, startStage } from './stage.ts';
import { asAssertion, asSubject, invalidClient, type Workload, workloads } from './workloads.ts';

let stage: Stage;
let wanting: { id: string };
let ahead = 0;
let stopped: number | undefined;
/** Buckets do not refill during the test. */
const stopClock = () => {
  stopped = Date.now();
};
// A client's bucket holds five seconds' worth.
const perClient = 5 * 2;

beforeAll(async () => {
  stage = await startStage({
    config: { limits: { requests_per_client: 2, failed_sign_ins: 1_000 } },
    now: () => (stopped ?? Date.now()) + ahead,
  });
  const { tenant } = await stage.server.admin.get<{ tenant: string }>(`/connections/${stage.connection.id}`);
  wanting = await stage.server.admin.post('/connections', {
    name: 'guarded',
    tenant,
    cloud: 'aws',
    target: awsTarget,
    approval: 'required',
  });
}, 60_000);
afterEach(() => {
  stopped = undefined;
  // The audit has only samples of the refusals of one minute.
  ahead = ahead === 0 ? 60_000 : 0;
});
afterAll(() => stage?.close());

const refusal = (status: number, error: string, error_description: unknown) => ({
  status,
  body: { error, error_description },
});
const issued = { status: 200, body: expect.objectContaining({ token_type: 'Bearer' }) };
const resourceOf = ({ id }: { id: string }) => ({ resource: `urn:sojourn:connection:${id}` });

describe.each(['github', 'gitlab', 'aws'] as const)('a token of the kind %s', (name) => {
  let workload: Workload;
  let client_id: string;
  let token: string;
  beforeEach(async () => {
    workload = workloads[name](stage.foreign);
    client_id = await stage.client(workload.trust, {
      may_use: [{ connection: stage.connection.id }, { connection: wanting.id }],
    });
    token = await stage.tokenOf(workload);
  });

  const ask = (more: Record<string, string> = {}, way: typeof asAssertion | typeof asSubject = asAssertion) =>
    askToken(stage.server.issuer, way(token, { client_id, ...resourceOf(stage.connection), ...more }));

  /** The ids of what this client has asked a second person for and not been told. */
  const pending = async () => {
    const { items } = await stage.server.admin.get<{ items: { id: string; client: string }[] }>(
      `/approvals?state=pending&connection=${wanting.id}`,
    );
    return items.filter(({ client }) => client === client_id).map(({ id }) => id);
  };

  test('can be used once after the approval that it requested is granted', async () => {
    expect(await ask(resourceOf(wanting))).toEqual(
      refusal(400, 'invalid_target', expect.stringContaining('is waiting for an administrator')),
    );
    const [approval] = await pending();
    await stage.server.admin.post(`/approvals/${approval}/grant`, { duration: '2h' });
    expect(await ask(resourceOf(wanting))).toEqual(issued);
    expect(await ask(resourceOf(wanting), asSubject)).toEqual(invalidClient);
    expect(await stage.reason()).toBe('invalid_client: the token was used before');

    await stage.server.admin.post(`/approvals/${approval}/revoke`);
    expect(await ask(resourceOf(wanting))).toEqual(invalidClient);
    expect(await pending()).toEqual([]);
  });

  test('does not count against its client’s rate limit once it is consumed', async () => {
    stopClock();
    expect(await ask()).toEqual(issued);
    for (let times = 0; times < perClient; times++)
      expect(await ask({ audience: 'elsewhere' })).toEqual(invalidClient);
    expect(await stage.reason()).toBe('invalid_client: the token was used before');
    token = await stage.tokenOf(workload);
    expect(await ask()).toEqual(issued);
  });

  test('can be used after a request with a wrong parameter', async () => {
    expect(await ask({ audience: 'elsewhere' })).toEqual(
      refusal(400, 'invalid_target', expect.stringContaining('The parameter audience is not')),
    );
    expect(await ask({ resource: 'urn:sojourn:connection:con_none' })).toMatchObject({ status: 400 });
    expect(await ask()).toEqual(issued);
    expect(await ask()).toEqual(invalidClient);
  });

  test('can be used again if the server failed to issue the token', async () => {
    const rename = (from: string, to: string) => {
      const database = new DatabaseSync(join(stage.server.folder, 'sojourn.db'));
      database.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      database.close();
    };
    rename('journal', 'lost');
    const answer = await ask();
    rename('lost', 'journal');
    expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(await ask()).toEqual(issued);
    expect(await ask()).toEqual(invalidClient);
  });

  test('can be used after a refusal by the rate limit', async () => {
    stopClock();
    const others = await Promise.all(
      Array.from({ length: perClient }, async () =>
        askToken(
          stage.server.issuer,
          asAssertion(await stage.tokenOf(workload), { client_id, audience: 'x' }),
        ),
      ),
    );
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([400]));
    expect(await ask()).toEqual(
      refusal(429, 'temporarily_unavailable', 'Too many requests. Try again after the time in Retry-After.'),
    );
    ahead += 2_000;
    expect(await ask()).toEqual(issued);
    expect(await ask()).toEqual(invalidClient);
  });
});
