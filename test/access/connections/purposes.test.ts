/** Purposes of connections: which are stored, which are rejected because they could widen access, and how they narrow. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Connection, resolveConnection, resolveFor } from '../../../src/access/connections/index.ts';
import {
  azureTarget,
  createModules,
  faultsOf,
  gcpTarget,
  type Modules,
  roleArn,
} from '../../support/modules.ts';

let bench: Modules;
let tenant: string;
beforeAll(async () => {
  bench = await createModules();
  tenant = (await bench.tenants.create({ name: 'Acme' })).id;
});
afterAll(() => bench.end());

const create = (cloud: string, target: object, purposes: unknown, more: object = {}) =>
  bench.connections.create({ name: 'prod', tenant, cloud, target, purposes, ...more });
const count = async () => (await bench.connections.list({ limit: 1000 })).items.length;

const aws = { role_arn: roleArn };
const account = { ...gcpTarget, service_account: 'a@p.iam.gserviceaccount.com' };
const statement = { Effect: 'Deny', Action: '*', Resource: '*' };
const policy = JSON.stringify({ Statement: statement });
const managed = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const google = (name: string) => `https://www.googleapis.com/auth/${name}`;

describe('a purpose that narrows the target is stored', () => {
  test.each<[string, object, object, object]>([
    ['aws', aws, { session_policy: { Statement: statement } }, { session_policy: policy }],
    ['aws', aws, { policy_arns: [managed] }, { policy_arns: [managed] }],
    ['aws', {}, { policy_arns: ['arn:aws:iam::444455556666:policy/x/y'] }, {}],
    ['aws', { ...aws, duration_seconds: 1800 }, { duration_seconds: 1800 }, {}],
    ['aws', { ...aws, session_policy: policy }, { duration_seconds: 900 }, {}],
    ['gcp', gcpTarget, { scopes: [google('devstorage.read_only')] }, {}],
    ['gcp', { ...gcpTarget, scopes: [google('drive')] }, { scopes: [google('drive')] }, {}],
    ['gcp', account, { lifetime_seconds: 3600 }, {}],
    ['azure', azureTarget, { scope: 'https://graph.microsoft.com/.default' }, {}],
  ])('%s %j %j', async (cloud, target, purpose, differently) => {
    const { id } = await create(cloud, target, { deploy: purpose });
    expect((await bench.connections.get(id)).purposes).toEqual({ deploy: { ...purpose, ...differently } });
  });
});

describe('a purpose that is not proven to narrow the target is rejected when it is saved', () => {
  const instead = 'the session_policy of the target; remove that one and give each purpose its whole policy';
  const longest = policy.padEnd(2048);
  test.each<[string, object, unknown, string, string]>([
    ['aws', aws, {}, '', 'must narrow at least one field of the target'],
    ['aws', aws, { role_arn: roleArn }, '.role_arn', 'is not known here'],
    ['aws', aws, { session_policy: `${longest} ` }, '.session_policy', 'must be 2048 characters at most'],
    [
      'aws',
      aws,
      { session_policy: longest, policy_arns: [managed] },
      '.policy_arns',
      'and session_policy must be 2048 characters at most together',
    ],
    [
      'aws',
      { ...aws, session_policy: policy },
      { session_policy: policy },
      '.session_policy',
      `would replace ${instead}`,
    ],
    [
      'aws',
      { ...aws, session_policy: policy },
      { policy_arns: [managed] },
      '.policy_arns',
      `would allow more than ${instead}`,
    ],
    [
      'aws',
      aws,
      { policy_arns: ['arn:aws:iam::444455556666:policy/x'] },
      '.policy_arns',
      'must be in the account of the role or managed by AWS: arn:aws:iam::444455556666:policy/x',
    ],
    [
      'aws',
      aws,
      { policy_arns: ['arn:aws-cn:iam::aws:policy/x'] },
      '.policy_arns',
      'must be in the account of the role or managed by AWS: arn:aws-cn:iam::aws:policy/x',
    ],
    ['aws', aws, { duration_seconds: 899 }, '.duration_seconds', 'must be 900 seconds or more'],
    [
      'aws',
      { ...aws, duration_seconds: 1800 },
      { duration_seconds: 1801 },
      '.duration_seconds',
      'must be 1800 seconds at most, as in the target',
    ],
    ['gcp', gcpTarget, {}, '', 'must narrow at least one field of the target'],
    [
      'gcp',
      gcpTarget,
      { scopes: [google('drive'), google('pubsub')] },
      '.scopes',
      `must be among those of the target: ${google('drive')}`,
    ],
    [
      'gcp',
      { ...gcpTarget, scopes: [google('pubsub')] },
      { scopes: [google('cloud-platform')] },
      '.scopes',
      `must be among those of the target: ${google('cloud-platform')}`,
    ],
    [
      'gcp',
      gcpTarget,
      { lifetime_seconds: 300 },
      '.lifetime_seconds',
      'must not be set unless the target has a lifetime_seconds',
    ],
    [
      'gcp',
      { ...account, lifetime_seconds: 600 },
      { lifetime_seconds: 601 },
      '.lifetime_seconds',
      'must be 600 seconds at most, as in the target',
    ],
    ['azure', azureTarget, {}, '.scope', 'is missing'],
    [
      'azure',
      azureTarget,
      { scope: 'https://management.chinacloudapi.cn/.default' },
      '.scope',
      'must not be a resource of another environment',
    ],
  ])('%s %j %j', async (cloud, target, purpose, path, message) => {
    const before = await count();
    const expected = [{ path: `purposes.deploy${path}`, message }];
    expect(await faultsOf(() => create(cloud, target, { deploy: purpose }))).toEqual(expected);
    expect(await count()).toBe(before);
    const { id } = await create(cloud, target, {});
    expect(await faultsOf(() => bench.connections.update(id, { purposes: { deploy: purpose } }))).toEqual(
      expected,
    );
    expect((await bench.connections.get(id)).purposes).toEqual({});
  });

  test('its name is lower-case, and a connection has at most 20 purposes', async () => {
    const message = 'must be a name of lower-case letters, digits and hyphens that begins with a letter';
    for (const name of ['', 'Deploy', '-x', '1', 'a b', 'x'.repeat(64)])
      expect(await faultsOf(() => create('aws', aws, { [name]: { duration_seconds: 900 } }))).toEqual([
        { path: expect.stringMatching(/^purposes\./), message },
      ]);
    const many = Object.fromEntries(
      Array.from({ length: 21 }, (_, i) => [`p${i}`, { duration_seconds: 900 }]),
    );
    expect(await faultsOf(() => create('aws', aws, many))).toEqual([
      { path: 'purposes', message: 'must be 20 at most' },
    ]);
  });

  test('one error lists all faults, including those of other fields', async () => {
    const purposes = { a: { duration_seconds: 1 }, b: { scope: 'x' } };
    expect(await faultsOf(() => create('aws', aws, purposes, { algorithm: 'none' }))).toEqual([
      { path: 'algorithm', message: 'must be RS256 or ES256' },
      { path: 'purposes.a.duration_seconds', message: 'must be 900 seconds or more' },
      { path: 'purposes.b.scope', message: 'is not known here' },
    ]);
  });
});

describe('a changed target', () => {
  test('must still be wider than every existing purpose', async () => {
    const { id } = await create(
      'aws',
      {},
      {
        deploy: { duration_seconds: 3600, policy_arns: ['arn:aws:iam::444455556666:policy/x'] },
      },
    );
    const before = await bench.connections.get(id);
    expect(
      await faultsOf(() =>
        bench.connections.update(id, { target: { duration_seconds: 900, session_policy: policy, ...aws } }),
      ),
    ).toEqual([
      { path: 'purposes.deploy.policy_arns', message: expect.stringMatching(/^would allow more/) },
      { path: 'purposes.deploy.duration_seconds', message: 'must be 900 seconds at most, as in the target' },
      { path: 'purposes.deploy.policy_arns', message: expect.stringMatching(/^must be in the account/) },
    ]);
    expect(await bench.connections.get(id)).toEqual(before);
  });

  test('can be changed together with the purposes, which are replaced as a whole', async () => {
    const { id } = await create('aws', {}, { a: { duration_seconds: 1800 }, b: { duration_seconds: 900 } });
    const purposes = { c: { duration_seconds: 900 } };
    const changed = await bench.connections.update(id, { target: { duration_seconds: 900 }, purposes });
    expect(changed.purposes).toEqual(purposes);
  });
});

describe('a narrowed connection', () => {
  test('has the fields of the purpose instead of those of the target, and no other changes', async () => {
    const made = await create(
      'aws',
      { ...aws, session_tags: { Team: 'x' } },
      {
        read: { session_policy: policy, duration_seconds: 900 },
      },
    );
    expect(resolveFor(made, 'read').connection).toEqual({
      ...made,
      target: { ...made.target, session_policy: policy, duration_seconds: 900 },
    });
    expect(resolveFor(made, undefined).connection).toBe(made);
    expect(resolveFor(made, 'read').destination.claims).toEqual(resolveConnection(made).destination.claims);
  });

  test.each(['write', '', '__proto__', 'constructor'])(
    'does not exist for the unknown purpose %j',
    async (name) => {
      const made = await create('aws', aws, { read: { duration_seconds: 900 } });
      expect(await faultsOf(() => resolveFor(made, name))).toEqual([
        { path: 'purpose', message: 'does not exist' },
      ]);
    },
  );

  test.each<[number | null, number | undefined, number]>([
    [null, undefined, 3600],
    [null, 600, 600],
    [3600, 600, 600],
    [300, 600, 300],
  ])(
    'lives no longer at Google than its tokens, its target and its purpose say: %j, %j',
    async (token_ttl, lifetime_seconds, seconds) => {
      const target = { ...gcpTarget, lifetime_seconds: 3600 };
      const purpose = { scopes: [google('pubsub')], ...(lifetime_seconds ? { lifetime_seconds } : {}) };
      const made: Connection = await create('gcp', target, { read: purpose }, token_ttl ? { token_ttl } : {});
      expect(resolveFor(made, 'read').tokenSeconds).toBe(seconds);
    },
  );
});
