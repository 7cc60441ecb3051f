/** Conditions and guards end to end: /token and /v1 give the same decision for the claims of a sign-in. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { type Member, openStage, type Stage } from './stage.ts';

let stage: Stage;
let id: string;
let resource: string;

beforeAll(async () => {
  stage = await openStage();
  id = stage.customer.aws.id;
  resource = `urn:sojourn:connection:${id}`;
  await stage.server.admin.patch(`/connections/${id}`, {
    labels: { env: 'prod' },
    purposes: { deploy: { duration_seconds: 900 } },
  });
}, 60_000);
afterAll(() => stage.close());
beforeEach(async () => {
  stage.clock.ahead = 0;
  await stage.guards([]);
});

const main = { ref: 'refs/heads/main', environment: 'production' };
const other = { ref: 'refs/heads/other', environment: 'production' };

/** Whether a caller is allowed at each of the three endpoints. */
async function doors(member: Member, claims?: Record<string, unknown>) {
  const byToken = await member.signIn(resource, claims);
  const bearer = await stage.bearer(member, claims);
  const byV1 = await stage.withBearer(bearer, `${id}/token`);
  const credentials = await stage.withBearer(bearer, `${id}/credentials`);
  return [byToken, byV1, credentials].map(({ status, body }) =>
    status === 200 ? 'yes' : String(body.error ?? body.code),
  );
}
const yes = ['yes', 'yes', 'yes'];
const no = ['invalid_target', 'connection_not_found', 'connection_not_found'];

const newest = async (member: Member) => {
  const lines = await stage.audit(`client=${member.id}&limit=20`);
  return lines
    .filter(({ event }) => event === 'token.refused' || event === 'exchange.refused')
    .map(({ reason }) => reason);
};

describe('a rule with claims', () => {
  test('allows only tokens with these claims, at every endpoint', async () => {
    const when = { claims: { ref: 'refs/heads/main', environment: { one_of: ['production', 'staging'] } } };
    const job = await stage.member([{ connection: id, when }], true);
    expect(await doors(job, main)).toEqual(yes);
    const before = await stage.asked();
    expect(await doors(job, other)).toEqual(no);
    expect(await doors(job, { ...main, environment: 'test' })).toEqual(no);
    expect(await doors(job, { ...main, environment: undefined })).toEqual(no);
    expect(await doors(job, { ...main, environment: ['production'] })).toEqual(no);
    expect(await stage.asked()).toBe(before);
    expect((await newest(job)).slice(0, 3)).toEqual([
      'connection_not_found: rule 0: claims.environment',
      'connection_not_found: rule 0: claims.environment',
      'invalid_target: rule 0: claims.environment',
    ]);
  });

  test('never allows a client with a secret, which has no claims', async () => {
    const service = await stage.member([{ connection: id, when: { claims: { ref: 'refs/heads/main' } } }]);
    expect(await doors(service)).toEqual(no);
  });

  test('reads a nested claim by a JSON Pointer, and does not confuse external claims with Sojourn’s own', async () => {
    const when = { claims: { '/build/branch': 'main' } };
    const job = await stage.member([{ connection: id, when }], true);
    expect(await doors(job, { ...main, build: { branch: 'main' } })).toEqual(yes);
    expect(await doors(job, { ...main, build: { branch: 'other' } })).toEqual(no);
    expect(await doors(job, { ...main, '/build/branch': 'main' })).toEqual(no);
    expect(await doors(job, { ...main, workload_claims: { '/build/branch': 'main' } })).toEqual(no);
  });
});

describe('an API token', () => {
  const carried = async (member: Member, claims: Record<string, unknown>) =>
    decodeJwt(await stage.bearer(member, claims)).workload_claims;

  test('carries only the claims that conditions name', async () => {
    const job = await stage.member([{ connection: id, when: { claims: { ref: 'refs/heads/main' } } }], true);
    expect(await carried(job, main)).toEqual({ ref: 'refs/heads/main' });
    await stage.guards([
      { name: 'a', match: {}, require: { claims: { run_attempt: '1' } } },
      { name: 'b', match: {}, require: { claims: { '/build/id': '1', missing: 'x' } }, mode: 'audit' },
    ]);
    expect(await carried(job, { ...main, build: { id: 7 }, run_attempt: '2' })).toEqual({
      ref: 'refs/heads/main',
      run_attempt: '2',
      '/build/id': '7',
    });
    await stage.guards([]);
    const plain = await stage.member([{ connection: id }], true);
    expect(await carried(plain, main)).toBeUndefined();
  });

  test('omits values over 512 characters and what does not fit a header, and conditions on them are unmet', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `c${String(i).padStart(2, '0')}`);
    const rule = (name: string) => ({ connection: id, when: { claims: { [name]: { glob: 'xxx*' } } } });
    const job = await stage.member(names.toReversed().map(rule), true);
    const long = await stage.member([rule('c00')], true);
    expect(await doors(long, { ...main, c00: 'x'.repeat(512) })).toEqual(yes);
    expect(await doors(long, { ...main, c00: 'x'.repeat(513) })).toEqual(no);
    const many = Object.fromEntries(names.map((name) => [name, 'x'.repeat(500)]));
    expect(Object.keys((await carried(job, { ...main, ...many })) as object)).toEqual(names.slice(0, 5));
  });

  test('that is older than a condition lacks its claims and is refused until it is renewed', async () => {
    const job = await stage.member([{ connection: id }], true);
    const old = await stage.bearer(job, main);
    expect((await stage.withBearer(old, `${id}/token`)).status).toBe(200);
    await stage.guards([{ name: 'main', match: {}, require: { claims: { ref: 'refs/heads/main' } } }]);
    expect((await stage.withBearer(old, `${id}/token`)).body.code).toBe('connection_not_found');
    expect(await doors(job, main)).toEqual(yes);
  });
});

describe('a condition on hours', () => {
  test('applies at every endpoint, also to older API tokens', async () => {
    const minute = 60_000;
    const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
    const hours = (from: number, to: number) => ({
      from: clock(Date.now() + from * minute),
      to: clock(Date.now() + to * minute),
      time_zone: 'UTC',
    });
    const early = await stage.member([{ connection: id, when: { hours: hours(-5, 10) } }]);
    const late = await stage.member([{ connection: id, when: { hours: hours(10, 60) } }]);
    const [ofEarly, ofLate] = [await stage.bearer(early), await stage.bearer(late)];
    expect(await doors(early)).toEqual(yes);
    expect(await doors(late)).toEqual(no);
    expect(await newest(late)).toEqual([
      'connection_not_found: rule 0: hours',
      'connection_not_found: rule 0: hours',
      'invalid_target: rule 0: hours',
    ]);
    stage.clock.ahead = 20 * minute;
    expect((await stage.withBearer(ofEarly, `${id}/credentials`)).body.code).toBe('connection_not_found');
    expect((await stage.withBearer(ofLate, `${id}/credentials`)).status).toBe(200);
    expect(await doors(early)).toEqual(no);
    expect(await doors(late)).toEqual(yes);
  });
});

describe('a guard', () => {
  const noSecrets = {
    name: 'no-secrets',
    match: { labels: { env: 'prod' } },
    require: { methods: ['federated'] },
  };

  test('applies to every client at once, also to API tokens that were issued before', async () => {
    const service = await stage.member([{ connection: id }]);
    const job = await stage.member([{ connection: id }], true);
    const bearer = await stage.bearer(service);
    expect((await stage.withBearer(bearer, `${id}/credentials`)).status).toBe(200);
    await stage.guards([noSecrets]);
    const before = await stage.asked();
    expect((await stage.withBearer(bearer, `${id}/credentials`)).body.code).toBe('connection_not_found');
    expect(await doors(service)).toEqual(no);
    expect(await stage.asked()).toBe(before);
    expect((await newest(service))[0]).toBe('connection_not_found: guard no-secrets: methods');
    expect(await doors(job, main)).toEqual(yes);
    const elsewhere = await stage.member([{ connection: stage.customer.gcp.id }]);
    expect((await stage.v1(elsewhere, `${stage.customer.gcp.id}/token`)).status).toBe(200);
  });

  test('that requires a purpose allows that purpose and no cloud token', async () => {
    const service = await stage.member([{ connection: id }]);
    await stage.guards([{ name: 'deploy', match: { connection: id }, require: { purposes: ['deploy'] } }]);
    expect(await doors(service)).toEqual(['invalid_target', 'connection_not_found', 'yes']);
    expect((await stage.v1(service, `${id}/credentials`)).body.purpose).toBe('deploy');
  });

  test('in mode audit refuses nothing and records each violation at every endpoint', async () => {
    const service = await stage.member([{ connection: id }]);
    await stage.guards([{ ...noSecrets, mode: 'audit' }]);
    expect(await doors(service)).toEqual(yes);
    const lines = await stage.audit(`client=${service.id}&event=guard.violated&limit=10`);
    const line = {
      event: 'guard.violated',
      outcome: 'ok',
      actor: service.id,
      client: service.id,
      source_ip: '127.0.0.1',
      connection: id,
      tenant: stage.customer.tenant,
      facts: { guard: 'no-secrets' },
    };
    expect(lines).toEqual([line, line, line]);
    const job = await stage.member([{ connection: id }], true);
    expect(await doors(job, main)).toEqual(yes);
    expect(await stage.audit(`client=${job.id}&event=guard.violated&limit=10`)).toEqual([]);
  });
});

test('/token and /v1 give the same decision for all rules, guards and claims', async () => {
  const rules: object[][] = [
    [],
    [{ connection: id }],
    [{ cloud: 'aws', when: { claims: { ref: 'refs/heads/main' } } }],
    [{ labels: { env: 'prod' }, when: { methods: ['client_secret'] } }],
    [{ tenant: stage.customer.tenant, purposes: ['deploy'] }],
    [
      { tenant: stage.customer.tenant, purposes: ['deploy'] },
      { cloud: 'aws', when: { methods: ['federated'] } },
    ],
    [{ cloud: 'gcp' }],
  ];
  const guards: object[][] = [
    [],
    [{ name: 'main', match: { cloud: 'aws' }, require: { claims: { ref: 'refs/heads/main' } } }],
    [{ name: 'secrets', match: {}, require: { methods: ['client_secret'] } }],
    [{ name: 'deploy', match: { labels: { env: 'prod' } }, require: { purposes: ['deploy'] } }],
    [
      {
        name: 'main',
        match: { cloud: 'aws' },
        require: { claims: { ref: 'refs/heads/main' } },
        mode: 'audit',
      },
    ],
  ];
  const members: Member[] = [];
  for (const may_use of rules)
    members.push(await stage.member(may_use, true), await stage.member(may_use, false));
  const seen = new Set<string>();
  for (const list of guards) {
    await stage.guards(list);
    for (const [index, member] of members.entries())
      for (const claims of index % 2 === 0 ? [main, other] : [undefined]) {
        const [byToken = '', byV1 = '', credentials = ''] = await doors(member, claims);
        expect([byToken, byV1]).toEqual(byToken === 'yes' ? ['yes', 'yes'] : no.slice(0, 2));
        // A client that gets the cloud token also gets credentials, and a client without credentials gets no token.
        if (byToken === 'yes') expect(credentials).toBe('yes');
        seen.add(`${byToken} ${credentials}`);
      }
  }
  expect([...seen].toSorted()).toEqual([
    'invalid_target connection_not_found',
    'invalid_target yes',
    'yes yes',
  ]);
}, 60_000);
