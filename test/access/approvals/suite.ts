/** Approvals over HTTP, for any store. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { awsPass, azurePass, federatedPass } from '../../clouds/outside.ts';
import { type Answered, asking, byAdmin, moment, plain } from '../../server/http/ask.ts';
import {
  askToken,
  awsTarget,
  oneConnection,
  type TestClient,
  type TestConnection,
  type TestServer,
  withSecret,
} from '../../support/server.ts';

/** For a store that supports one process only, both are the same server. */
export interface Replicas {
  readonly one: TestServer;
  readonly other: TestServer;
  close(): Promise<void>;
}

const minute = 60_000;
const hour = 60 * minute;
const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';

interface Approval {
  readonly id: string;
  readonly state: string;
  readonly [member: string]: unknown;
}

export function approvals(
  name: string,
  open: (config: Record<string, unknown>, now: () => number) => Promise<Replicas>,
): void {
  describe(`approvals on ${name}`, () => {
    const clock = { ahead: 0 };
    const clouds = {} as Record<'aws' | 'azure' | 'gcp', FakeCloud>;
    let replicas: Replicas;
    let tenant: { id: string };
    let client: TestClient;
    let connection: TestConnection;

    beforeAll(async () => {
      for (const cloud of ['aws', 'azure', 'gcp'] as const) clouds[cloud] = await startFakeCloud();
      const inTwoDays = new Date(Date.now() + 48 * hour).toISOString();
      clouds.aws.answers = [
        { status: 200, body: awsPass(inTwoDays), headers: { 'content-type': 'text/xml' } },
      ];
      clouds.azure.answers = [json(200, { ...azurePass, expires_in: 86_399 })];
      clouds.gcp.answers = [
        json(200, federatedPass),
        json(200, { accessToken: 'ya29.account', expireTime: inTwoDays }),
      ];
      replicas = await open(
        {
          clouds: {
            aws: { sts_endpoint: clouds.aws.origin },
            azure: { authority_host: clouds.azure.origin },
            gcp: { sts_endpoint: clouds.gcp.origin, iam_credentials_endpoint: clouds.gcp.origin },
          },
          tokens: { ttl: '1h' },
        },
        () => Date.now() + clock.ahead,
      );
      tenant = await replicas.one.admin.post('/tenants', { name: 'Acme' });
    }, 60_000);
    afterAll(async () => {
      await replicas.close();
      for (const cloud of Object.values(clouds)) await cloud.close();
    });

    const clientOf = (rules: object[]) =>
      replicas.one.admin.post<TestClient>('/clients', { name: 'deployer', may_use: rules });
    const connect = (cloud = 'aws', target: object = awsTarget) =>
      replicas.one.admin.post<TestConnection>('/connections', {
        name: 'prod',
        tenant: tenant.id,
        cloud,
        target,
        approval: 'required',
      });
    beforeEach(async () => {
      connection = await connect();
      client = await clientOf([{ connection: connection.id }]);
    });

    /** A token for the API is good for an hour of the real clock, and all the tests together turn this one by less. */
    const credentials = async (
      server = replicas.one,
      of = client,
      { id } = connection,
    ): Promise<{ status: number; retryAfter: string | null; body: Record<string, unknown> }> => {
      const { body } = await askToken(server.issuer, { ...withSecret(of), resource: 'urn:sojourn:api' });
      const answer = await fetch(`${server.issuer}/v1/connections/${id}/credentials`, {
        headers: { authorization: `Bearer ${String(body.access_token)}` },
      });
      const told = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: told };
    };
    const token = (server = replicas.one) => askToken(server.issuer, withSecret(client, connection));
    const admin = (request: string, body?: object, server = replicas.one): Promise<Answered> =>
      asking(server)(request, body ? { body } : {});
    const list = async (query = ''): Promise<Approval[]> =>
      (
        await replicas.other.admin.get<{ items: Approval[] }>(
          `/approvals?connection=${connection.id}${query}`,
        )
      ).items;
    /** The id of the request, which the client has made. */
    const requested = async (): Promise<string> => {
      expect((await credentials()).status).toBe(403);
      return (await list())[0]?.id ?? '';
    };
    const granted = async (forHowLong = '2h'): Promise<string> => {
      const id = await requested();
      expect((await admin(`POST /approvals/${id}/grant`, { duration: forHowLong })).status).toBe(200);
      return id;
    };
    const lines = async () => {
      const { items } = await replicas.one.admin.get<{ items: Record<string, unknown>[] }>(
        `/audit?connection=${connection.id}&limit=200`,
      );
      return items
        .filter(({ event }) => String(event).startsWith('approval.'))
        .map(({ id, occurred_at, request_id, ...line }) => line)
        .toReversed();
    };
    const problem = (status: number, title: string, code: string, detail: string, advice: string) => ({
      status,
      body: {
        type: `urn:sojourn:error:${code}`,
        title,
        status,
        code,
        detail,
        advice,
        request_id: expect.any(String),
      },
    });
    const required = (id: string) => ({
      detail: `The connection needs an approval. The request ${id} is waiting for an administrator.`,
      advice: `Ask an administrator to grant it (\`sojourn approval grant ${id} --for 2h\`), then try again.`,
    });
    const decided = (state: string, from = 'pending') =>
      problem(
        409,
        'Conflict',
        'approval_conflict',
        `The approval is ${state}; it must be ${from}.`,
        'Check its state with `sojourn approval list`; another administrator may have decided.',
      );

    test('a client without a grant is refused at /token and /v1, no cloud is contacted, and one approval is stored', async () => {
      const before = clouds.aws.asked.length;
      const first = await credentials();
      const [kept] = await list('&state=pending');
      expect(kept).toEqual({
        id: expect.stringMatching(/^apr_[0-9a-hjkmnp-tv-z]{26}$/),
        client: client.client_id,
        connection: connection.id,
        tenant: tenant.id,
        state: 'pending',
        ...{
          requested_at: moment,
          last_requested_at: moment,
          request_count: 1,
          source_ip: '127.0.0.1',
        },
        ...{
          decided_at: null,
          expires_at: null,
        },
      });
      const { detail, advice } = required(kept?.id ?? '');
      expect(first).toEqual({
        retryAfter: null,
        ...problem(403, 'Forbidden', 'approval_required', detail, advice),
      });
      expect(await token(replicas.other)).toEqual({
        status: 400,
        body: { error: 'invalid_target', error_description: `${detail} ${advice}` },
      });
      for (let time = 0; time < 5; time++) expect((await token()).status).toBe(400);
      clock.ahead += 11_000;
      expect((await token()).status).toBe(400);
      clock.ahead += 11_000;
      expect((await token(replicas.other)).status).toBe(400);
      const all = await list();
      expect(all).toHaveLength(1);
      expect(all[0]?.request_count).toBeGreaterThanOrEqual(7);
      expect(clouds.aws.asked).toHaveLength(before);
      expect(await lines()).toEqual([
        {
          event: 'approval.requested',
          outcome: 'ok',
          actor: client.client_id,
          client: client.client_id,
          ...{
            connection: connection.id,
            tenant: tenant.id,
            source_ip: '127.0.0.1',
          },
          facts: { approval: kept?.id },
        },
      ]);
    });

    test('the audit finds a refusal at /token by its connection, and by no value that is not a connection id', async () => {
      const refusals = async () => {
        const { items } = await replicas.one.admin.get<{ items: Record<string, unknown>[] }>(
          '/audit?event=token.refused&limit=3',
        );
        return items.map(({ id, occurred_at, request_id, reason, ...line }) => line);
      };
      const line = {
        event: 'token.refused',
        outcome: 'refused',
        actor: client.client_id,
        client: client.client_id,
        source_ip: '127.0.0.1',
      };
      expect((await token()).status).toBe(400);
      const foreign = await oneConnection(replicas.one);
      expect((await askToken(replicas.one.issuer, withSecret(client, foreign.connection))).status).toBe(400);
      const secret = `urn:sojourn:connection:${client.client_secret}`;
      const misplaced = { ...withSecret(client), resource: secret };
      expect((await askToken(replicas.one.issuer, misplaced)).status).toBe(400);
      expect(await refusals()).toEqual([
        line,
        { ...line, connection: foreign.connection.id },
        { ...line, connection: connection.id },
      ]);
    });

    test('concurrent requests of one client create one approval and one audit line', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, time) => token(time % 2 ? replicas.one : replicas.other)),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
      expect(await list()).toHaveLength(1);
      expect(await lines()).toHaveLength(1);
    });

    test('concurrent requests after a revocation create one new approval', async () => {
      const id = await granted();
      await admin(`POST /approvals/${id}/revoke`);
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, time) => token(time % 2 ? replicas.one : replicas.other)),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
      expect((await list()).map(({ state }) => state)).toEqual(['pending']);
      expect((await lines()).map(({ event }) => event)).toEqual([
        'approval.requested',
        'approval.granted',
        'approval.revoked',
        'approval.requested',
      ]);
    });

    test('a client that the policy refuses creates no approval', async () => {
      const stranger = await clientOf([]);
      expect((await credentials(replicas.one, stranger)).body).toMatchObject({
        code: 'connection_not_found',
      });
      expect(await list()).toEqual([]);
    });

    test('a grant allows /token and /v1 on every replica until it expires, and cached credentials are not served after that', async () => {
      const id = await granted('5m');
      const [first, second] = [await credentials(replicas.one), await credentials(replicas.other)];
      expect([first.status, second.status]).toEqual([200, 200]);
      expect((await token(replicas.other)).status).toBe(200);
      const asked = clouds.aws.asked.length;
      clock.ahead += 5 * minute;
      for (const server of [replicas.one, replicas.other]) {
        const refused = await credentials(server);
        expect(refused).toMatchObject({ status: 403, body: { code: 'approval_required' } });
        expect((await token(server)).status).toBe(400);
      }
      expect(clouds.aws.asked).toHaveLength(asked);
      expect((await list()).map(({ state }) => state)).toEqual(['pending']);
      const about = { client: client.client_id, connection: connection.id, tenant: tenant.id };
      const byClient = { outcome: 'ok', actor: client.client_id, source_ip: '127.0.0.1' };
      expect(await lines()).toEqual([
        { event: 'approval.requested', ...byClient, ...about, facts: { approval: id } },
        { event: 'approval.granted', ...byAdmin, ...about, facts: { approval: id, expires_at: moment } },
        { event: 'approval.expired', outcome: 'ok', actor: 'system', ...about, facts: { approval: id } },
        { event: 'approval.requested', ...byClient, ...about, facts: { approval: id } },
      ]);
    });

    test('a token and a cloud session end with the grant, where the cloud supports it', async () => {
      await granted('20m');
      const { body } = await token();
      expect(Number(body.expires_in)).toBeLessThanOrEqual(1200);
      const { iat = 0, exp = 0 } = decodeJwt(String(body.access_token));
      expect(exp - iat).toBe(body.expires_in);
      expect((await credentials()).status).toBe(200);
      const sent = new URLSearchParams(clouds.aws.asked.at(-1)?.body);
      expect(Number(sent.get('DurationSeconds'))).toBeGreaterThan(1100);
      expect(Number(sent.get('DurationSeconds'))).toBeLessThanOrEqual(1200);

      // The least that STS takes.
      clock.ahead += 15 * minute;
      await replicas.one.admin.patch(`/connections/${connection.id}`, { target: { duration_seconds: 1800 } });
      expect((await credentials()).status).toBe(200);
      expect(new URLSearchParams(clouds.aws.asked.at(-1)?.body).get('DurationSeconds')).toBe('900');

      connection = await connect('gcp', {
        project_number: '123456789012',
        pool_id: 'vendor-pool',
        provider_id: 'vendor',
        service_account: 'vendor@acme.iam.gserviceaccount.com',
      });
      client = await clientOf([{ connection: connection.id }]);
      await granted('10m');
      expect((await credentials()).status).toBe(200);
      const { lifetime } = JSON.parse(clouds.gcp.asked.at(-1)?.body ?? '{}') as { lifetime?: string };
      expect(Number(lifetime?.slice(0, -1))).toBeGreaterThan(500);
      expect(Number(lifetime?.slice(0, -1))).toBeLessThanOrEqual(600);
    });

    test('revoking a grant takes effect at once on every replica, despite cached credentials', async () => {
      const id = await granted();
      for (const server of [replicas.one, replicas.other])
        expect((await credentials(server)).status).toBe(200);
      const asked = clouds.aws.asked.length;
      const { status, body } = await admin(`POST /approvals/${id}/revoke`);
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { id, state: 'revoked', expires_at: null },
      });
      for (const server of [replicas.other, replicas.one])
        expect(await credentials(server)).toMatchObject({ status: 403, body: { code: 'approval_required' } });
      expect(clouds.aws.asked).toHaveLength(asked);
      expect((await list()).map(({ state }) => state)).toEqual(['pending']);
    });

    test('a grant that is revoked during an exchange gives no credentials', async () => {
      connection = await connect('azure', { tenant_id: guid, client_id: guid });
      client = await clientOf([{ connection: connection.id }]);
      const id = await granted();
      const { answers } = clouds.azure;
      // The first try meets a cloud that is out of order, which makes the visit as long as its pause.
      clouds.azure.answers = [...clouds.azure.asked.map(() => json(500, {})), json(500, {}), ...answers];
      const visit = credentials();
      const before = clouds.azure.asked.length;
      while (clouds.azure.asked.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
      await admin(`POST /approvals/${id}/revoke`);
      expect(await visit).toMatchObject({ status: 403, body: { code: 'approval_required' } });
      clouds.azure.answers = answers;
    });

    test('a denied client cannot request again until the denial expires', async () => {
      const id = await requested();
      const { status, body } = await admin(`POST /approvals/${id}/deny`, { duration: '5m' });
      const until = String((body as Approval).expires_at);
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { id, state: 'denied', expires_at: moment },
      });
      expect(await credentials(replicas.other)).toEqual({
        retryAfter: expect.stringMatching(/^(300|29\d)$/),
        ...problem(
          403,
          'Forbidden',
          'approval_denied',
          `An administrator denied the request ${id}. You can request again after ${until}.`,
          'Ask the administrator for the reason. You can request again after the time in Retry-After.',
        ),
      });
      expect(await plain(admin(`POST /approvals/${id}/grant`, { duration: '1h' }))).toEqual(
        decided('denied'),
      );
      expect((await list('&state=pending')).length).toBe(0);
      clock.ahead += 5 * minute;
      expect((await token()).body.error_description).toContain('is waiting for an administrator');
      expect((await list('&state=pending')).map((one) => one.id)).toEqual([id]);
      expect((await lines()).map(({ event }) => event)).toEqual([
        'approval.requested',
        'approval.denied',
        'approval.requested',
      ]);
    });

    test('of concurrent decisions on two replicas one succeeds, and the others answer approval_conflict', async () => {
      const id = await requested();
      const decisions = Array.from({ length: 8 }, (_, time) => {
        const server = time % 2 ? replicas.one : replicas.other;
        const verb = time % 4 < 2 ? 'grant' : 'deny';
        return plain(admin(`POST /approvals/${id}/${verb}`, { duration: '1h' }, server));
      });
      const answers = await Promise.all(decisions);
      const taken = answers.filter(({ status }) => status === 200);
      expect(taken).toHaveLength(1);
      const state = String((taken[0]?.body as Approval | undefined)?.state);
      expect(answers.filter(({ status }) => status !== 200)).toEqual(Array(7).fill(decided(state)));
      expect(await lines()).toHaveLength(2);
      expect((await credentials()).status).toBe(state === 'granted' ? 200 : 403);
    });

    test('a grant for one client does not allow another client', async () => {
      await granted();
      expect((await credentials()).status).toBe(200);
      const asked = clouds.aws.asked.length;
      const second = await clientOf([{ connection: connection.id }]);
      expect(await credentials(replicas.one, second)).toMatchObject({ status: 403 });
      expect(clouds.aws.asked).toHaveLength(asked);
      expect((await list()).map(({ state }) => state).toSorted()).toEqual(['granted', 'pending']);
    });

    test('a decision is refused without the admin token, for an unknown approval, and with a duration out of range', async () => {
      const id = await requested();
      for (const [verb, times] of Object.entries({
        grant: ['4m', '25h', '', '2', 'forever'],
        deny: ['4m', '31d'],
      }))
        for (const time of times)
          expect(await plain(admin(`POST /approvals/${id}/${verb}`, { duration: time }))).toMatchObject({
            status: 400,
            body: { code: 'invalid_request', errors: [{ field: 'duration' }] },
          });
      expect(await plain(admin(`POST /approvals/${id}/grant`, {}))).toMatchObject({ status: 400 });
      const unknown = 'apr_00000000000000000000000000';
      expect(await plain(admin(`POST /approvals/${unknown}/grant`, { duration: '1h' }))).toEqual(
        problem(
          404,
          'Not Found',
          'approval_not_found',
          'There is no such approval.',
          'List them with `sojourn approval list`.',
        ),
      );
      expect(await plain(admin(`POST /approvals/${id}/revoke`))).toEqual(
        decided('pending', 'granted or denied'),
      );
      // A client is no second person, not even with a good token of its own.
      const { body } = await askToken(replicas.one.issuer, {
        ...withSecret(client),
        resource: 'urn:sojourn:api',
      });
      const authorization = `Bearer ${String(body.access_token)}`;
      for (const path of [`POST /approvals/${id}/grant`, 'GET /approvals'])
        expect((await asking(replicas.one)(path, { headers: { authorization } })).status).toBe(401);
      expect((await list()).map(({ state }) => state)).toEqual(['pending']);
    });

    test('turning the need for an approval off and on takes effect at once', async () => {
      expect((await token()).status).toBe(400);
      const want = (approval: string) =>
        replicas.one.admin.patch<{ approval: string }>(`/connections/${connection.id}`, { approval });
      expect((await want('none')).approval).toBe('none');
      expect((await token(replicas.other)).status).toBe(200);
      expect((await credentials()).status).toBe(200);
      expect((await want('required')).approval).toBe('required');
      expect((await token(replicas.other)).status).toBe(400);
      expect((await credentials()).status).toBe(403);
    });

    test('the access question shows the approval and does not request one', async () => {
      const can = async (query = '') => {
        const path = `/clients/${client.client_id}/access/${connection.id}${query}`;
        const { rule, ...decision } = await replicas.other.admin.get<Record<string, unknown>>(path);
        expect(rule).toEqual({ connection: connection.id, index: 0 });
        return decision;
      };
      const open = { guard: null, unmet_conditions: [], purpose: null, purposes: [], audit_violations: [] };
      const no = { ...open, allowed: false, reason: 'approval_required' };
      const yes = { ...open, allowed: true, reason: 'rule_matched' };
      const unasked = { ...no, approval: { approval: null, state: 'not_requested', expires_at: null } };
      expect(await can()).toEqual(unasked);
      expect(await list()).toEqual([]);

      const request = await requested();
      expect(await can()).toEqual({
        ...no,
        approval: { approval: request, state: 'pending', expires_at: null },
      });
      expect((await list()).map(({ request_count }) => request_count)).toEqual([1]);

      await admin(`POST /approvals/${request}/grant`, { duration: '2h' });
      const [{ expires_at } = { expires_at: '' }] = await list();
      expect(await can()).toEqual({ ...yes, approval: { approval: request, state: 'granted', expires_at } });
      const later = new Date(Date.parse(String(expires_at)) + 1000).toISOString();
      expect(await can(`?at=${later}`)).toEqual({
        ...no,
        approval: { approval: request, state: 'expired', expires_at },
      });

      await admin(`POST /approvals/${request}/revoke`);
      expect(await can()).toEqual({
        ...no,
        approval: { approval: request, state: 'revoked', expires_at: null },
      });
      expect((await list()).map(({ state }) => state)).toEqual(['revoked']);

      await requested();
      await admin(`POST /approvals/${request}/deny`);
      expect(await can()).toEqual({
        ...no,
        approval: { approval: request, state: 'denied', expires_at: moment },
      });

      await replicas.one.admin.patch(`/connections/${connection.id}`, { approval: 'none' });
      expect(await can()).toEqual({ ...yes, approval: null });
    });

    test('deleting a client or a connection removes its approvals', async () => {
      const all = async () =>
        (await replicas.other.admin.get<{ items: Approval[] }>('/approvals?limit=200')).items.map(
          (one) => one.id,
        );
      const second = await clientOf([{ connection: connection.id }]);
      const others = await all();
      const mine = await granted();
      expect((await credentials(replicas.one, second)).status).toBe(403);
      expect(await list()).toHaveLength(2);

      expect((await admin(`DELETE /clients/${client.client_id}`)).status).toBe(204);
      expect((await list()).map((one) => one.client)).toEqual([second.client_id]);
      expect(await plain(admin(`POST /approvals/${mine}/revoke`))).toMatchObject({
        status: 404,
        body: { code: 'approval_not_found' },
      });
      expect((await admin(`DELETE /connections/${connection.id}`)).status).toBe(204);
      expect(await all()).toEqual(others);
    });

    test('the list of approvals is paged, also when filtered by state', async () => {
      const others = await Promise.all(Array.from({ length: 4 }, () => clientOf([{ tenant: tenant.id }])));
      for (const other of others) expect((await credentials(replicas.one, other)).status).toBe(403);
      const id = await requested();
      await admin(`POST /approvals/${id}/deny`);
      const found: string[] = [];
      let after = '';
      do {
        const page = await replicas.one.admin.get<{ items: Approval[]; next: string | null }>(
          `/approvals?state=pending&connection=${connection.id}&limit=2${after}`,
        );
        expect(page.items.length).toBeLessThanOrEqual(2);
        found.push(...page.items.map((one) => one.id));
        after = page.next === null ? '' : `&after=${page.next}`;
      } while (after !== '');
      expect(found).toHaveLength(4);
      expect(found).not.toContain(id);
      expect(await plain(admin('GET /approvals?state=open'))).toMatchObject({ status: 400 });
    });
  });
}
