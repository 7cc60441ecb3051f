import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  connectionInput,
  resolveConnection,
  stateOf,
  subjectOf,
} from '../../../src/access/connections/index.ts';
import { clouds } from '../../../src/clouds/index.ts';
import { isId } from '../../../src/platform/ids/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import {
  aMinuteLater,
  atNoon,
  azureTarget,
  createModules,
  faultsOf,
  gcpTarget,
  guid,
  issuer,
  type Modules,
  roleArn,
} from '../../support/modules.ts';

let bench: Modules;
let tenant: string;
beforeEach(async () => {
  bench = await createModules();
  tenant = (await bench.tenants.create({ name: 'Acme' })).id;
});
afterEach(() => bench.end());

const create = (more: object) => bench.connections.create({ name: 'prod', tenant, ...more });

const mustBeCloud = `must be one of ${Object.keys(clouds).join(', ')}`;

describe('connections', () => {
  test.each([
    [
      'aws',
      { role_arn: roleArn, region: 'eu-central-1' },
      { role_arn: roleArn, region: 'eu-central-1', duration_seconds: 3600 },
    ],
    ['aws', undefined, { duration_seconds: 3600 }],
    [
      'azure',
      { ...azureTarget, tenant_id: guid.toUpperCase() },
      { ...azureTarget, environment: 'public', scope: 'https://management.azure.com/.default' },
    ],
    ['gcp', gcpTarget, { ...gcpTarget, scopes: ['https://www.googleapis.com/auth/cloud-platform'] }],
  ])(
    'to %s are created with defaults in their target, and are found and listed',
    async (cloud, target, kept) => {
      const made = await create({ cloud, ...(target ? { target } : {}) });
      expect(made).toEqual({
        id: made.id,
        name: 'prod',
        labels: {},
        tenant,
        cloud,
        target: kept,
        issuer,
        // The one that the cloud prefers.
        algorithm: resolveConnection(made).destination.algorithms[0],
        token_ttl: null,
        approval: 'none',
        verdict: 'pending',
        disabled: false,
        created_at: atNoon,
        updated_at: atNoon,
        verified_at: null,
      });
      expect(isId('con', made.id)).toBe(true);
      expect(subjectOf(made)).toBe(made.id);
      expect(await bench.connections.get(made.id)).toEqual(made);
      expect(await bench.connections.list({ within: tenant, limit: 5 })).toEqual({ items: [made] });
      const { id: other } = await bench.tenants.create({ name: 'Other' });
      expect(await bench.connections.list({ within: other, limit: 5 })).toEqual({ items: [] });
    },
  );

  test('can change every field except id, subject, tenant, cloud and issuer', async () => {
    const made = await create({ cloud: 'aws', target: { role_arn: roleArn }, token_ttl: 60 });
    bench.clock.ms += 60_000;
    const target = { duration_seconds: 900, session_tags: { team: 'a' } };
    const changed = await bench.connections.update(made.id, {
      name: 'stage',
      target,
      algorithm: 'RS256',
      token_ttl: null,
      approval: 'required',
    });
    expect(changed).toEqual({
      ...made,
      name: 'stage',
      target: { ...made.target, ...target },
      algorithm: 'RS256',
      token_ttl: null,
      approval: 'required',
      updated_at: aMinuteLater,
    });
    expect(await bench.connections.get(made.id)).toEqual(changed);
    expect(subjectOf(changed)).toBe(subjectOf(made));
    expect(
      await faultsOf(() =>
        bench.connections.update(made.id, { id: 'x', tenant, cloud: 'gcp', issuer: 'x', subject: 'x' }),
      ),
    ).toEqual(
      ['id', 'tenant', 'cloud', 'issuer', 'subject'].map((path) => ({ path, message: 'is not known here' })),
    );
  });

  test('remove a field of the target that is set to null', async () => {
    const made = await create({ cloud: 'aws', target: { role_arn: roleArn, session_tags: { team: 'a' } } });
    const { target } = await bench.connections.update(made.id, { target: { session_tags: null } });
    expect(target).toEqual({ role_arn: roleArn, region: 'us-east-1', duration_seconds: 3600 });
  });

  test('can get the role later', async () => {
    const made = await create({ cloud: 'aws' });
    expect(resolveConnection(made).destination.missingFields).toEqual(['role_arn']);
    const changed = await bench.connections.update(made.id, { target: { role_arn: roleArn } });
    expect(resolveConnection(changed).destination.missingFields).toEqual([]);
  });

  test('are pending, then have the verdict of a verification, and are pending again after a change of the target', async () => {
    const { connections, clock } = bench;
    const made = await create({ cloud: 'aws', target: { role_arn: roleArn } });
    const { id } = made;
    clock.ms += 60_000;
    const verified = await connections.setVerdict(made, 'active', { actor: 'admin' });
    expect([stateOf(verified), verified.verified_at]).toEqual(['active', aMinuteLater]);
    expect(stateOf(await connections.setDisabled(id, true))).toBe('disabled');
    expect(stateOf(await connections.setDisabled(id, false))).toBe('active');
    expect(stateOf(await connections.update(id, { name: 'x' }))).toBe('active');
    const elsewhere = await connections.update(id, { target: { duration_seconds: 900 } });
    expect(stateOf(elsewhere)).toBe('pending');
    expect(stateOf(await connections.setVerdict(elsewhere, 'failing', { actor: 'admin' }))).toBe('failing');
  });

  test('ignore a verdict on an earlier target, and notify the listeners once of every change', async () => {
    const { connections } = bench;
    const changes: unknown[] = [];
    connections.onVerdict(({ connection: { id }, from, to, actor, reason }) => {
      changes.push({ id, from, to, actor, reason });
    });
    const before = await create({ cloud: 'aws', target: { role_arn: roleArn } });
    const { id } = before;
    const after = await connections.update(id, { target: { duration_seconds: 900 } });
    expect(stateOf(await connections.setVerdict(before, 'active', { actor: 'admin' }))).toBe('pending');
    await connections.setVerdict(after, 'active', { actor: 'admin' });
    await connections.setVerdict(after, 'active', { actor: 'system' });
    await connections.setVerdict(after, 'failing', { actor: 'system', reason: 'exchange: trust' });
    await connections.update(id, { target: { duration_seconds: 1200 } });
    expect(changes).toEqual([
      { id, from: 'pending', to: 'active', actor: 'admin', reason: undefined },
      { id, from: 'active', to: 'failing', actor: 'system', reason: 'exchange: trust' },
      { id, from: 'failing', to: 'pending', actor: 'admin', reason: undefined },
    ]);
  });

  test('never reuse an id', async () => {
    const first = await create({ cloud: 'aws' });
    await bench.connections.remove(first.id);
    const again = await create({ cloud: 'aws' });
    expect(again.id).not.toBe(first.id);
    for (const act of [
      () => bench.connections.get(first.id),
      () => bench.connections.update(first.id, {}),
      () => bench.connections.remove(first.id),
      () => bench.connections.setDisabled(first.id, true),
      () => bench.connections.setVerdict(first, 'active', { actor: 'admin' }),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'connection_not_found' });
    }
  });

  test('apply 20 concurrent changes without losing one', async () => {
    const { id } = await create({ cloud: 'aws', target: { role_arn: roleArn } });
    const fields = ['name', 'token_ttl'] as const;
    const change = (round: number) =>
      bench.connections.update(
        id,
        fields[round % 2] === 'name' ? { name: `n${round}` } : { token_ttl: 60 + round },
      );
    for (let round = 0; round < 10; round++) await Promise.all([change(2 * round), change(2 * round + 1)]);
    expect(await bench.connections.get(id)).toMatchObject({ name: 'n18', token_ttl: 79 });
  });
});

test('a connection uses the requested algorithm if the cloud accepts it', async () => {
  for (const algorithm of ['ES256', 'RS256']) {
    expect(await create({ cloud: 'aws', algorithm })).toMatchObject({ algorithm });
  }
});

test('creating a connection reads its tenant once, writes once and parses each part of the input once', async () => {
  const operations: string[] = [];
  const store: Store = {
    ...bench.store,
    get: (recordType, id) => {
      operations.push(`get ${recordType}`);
      return bench.store.get(recordType, id);
    },
    insert: (recordType, ...insertion) => {
      operations.push(`insert ${recordType}`);
      return bench.store.insert(recordType, ...insertion);
    },
    replace: (recordType, ...replacement) => {
      operations.push(`replace ${recordType}`);
      return bench.store.replace(recordType, ...replacement);
    },
  };
  const schemas = [connectionInput, clouds.aws.target, clouds.aws.purposes!.schema];
  const passes = schemas.map((schema) => jest.spyOn(schema, 'safeParse'));
  const target = { role_arn: roleArn, region: 'eu-central-1' };
  await bench
    .connectionsOn(store)
    .create({ name: 'prod', tenant, cloud: 'aws', target, purposes: { read: { duration_seconds: 900 } } });
  expect(operations).toEqual(['get tenant', 'insert connection']);
  expect(passes.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]);
  jest.restoreAllMocks();
});

describe('an invalid connection is rejected with all faults and not stored', () => {
  test.each<[string, object, [string, string][]]>([
    [
      'nothing at all',
      { name: undefined, tenant: undefined },
      [
        ['name', 'is missing'],
        ['tenant', 'is missing'],
        ['cloud', 'is missing'],
      ],
    ],
    [
      'faults everywhere',
      {
        name: '',
        tenant: 'ten_x',
        cloud: 'aws',
        target: { role_arn: 'arn:aws:iam::1111:role/vendor', region: 'EU', foo: 1 },
        token_ttl: 5,
        subject: 's',
      },
      [
        ['name', 'must not be empty'],
        ['token_ttl', 'must be 60 seconds or more'],
        ['subject', 'is not known here'],
        ['tenant', 'there is no such tenant'],
        ['target.role_arn', expect.any(String) as never],
        ['target.region', expect.any(String) as never],
        ['target.foo', 'is not known here'],
      ],
    ],
    ['an unknown cloud', { cloud: 'oracle' }, [['cloud', mustBeCloud]]],
    ['a cloud that is a name of the prototype', { cloud: '__proto__' }, [['cloud', mustBeCloud]]],
    [
      'a life over an hour',
      { cloud: 'aws', token_ttl: 3601 },
      [['token_ttl', 'must be 3600 seconds at most']],
    ],
    ['an unknown algorithm', { cloud: 'aws', algorithm: 'HS256' }, [['algorithm', 'must be RS256 or ES256']]],
    [
      'an algorithm that the cloud does not take',
      { cloud: 'azure', target: azureTarget, algorithm: 'ES256' },
      [['algorithm', 'must be RS256 for this cloud']],
    ],
    [
      'a directory by its domain',
      { cloud: 'azure', target: { tenant_id: 'acme.example', client_id: guid } },
      [['target.tenant_id', expect.any(String) as never]],
    ],
    [
      'a project by its id and no pool',
      { cloud: 'gcp', target: { project_number: 'acme-prod' } },
      [
        ['target.project_number', expect.any(String) as never],
        ['target.pool_id', expect.any(String) as never],
        ['target.provider_id', expect.any(String) as never],
      ],
    ],
  ])('%s', async (_, input, faults) => {
    expect(await faultsOf(() => create(input))).toEqual(faults.map(([path, message]) => ({ path, message })));
    expect(await bench.connections.list({ limit: 1 })).toEqual({ items: [] });
  });

  test('a change that would make the target invalid is rejected and changes nothing', async () => {
    const made = await create({ cloud: 'aws', target: { role_arn: roleArn } });
    const faults = await faultsOf(() =>
      bench.connections.update(made.id, {
        target: { role_arn: 'arn:aws:iam::1111:role/vendor', duration_seconds: 1 },
      }),
    );
    expect(faults.map(({ path }) => path)).toEqual(['target.role_arn', 'target.duration_seconds']);
    expect(await bench.connections.get(made.id)).toEqual(made);
  });

  test('a cloud whose algorithms the server has no key for is rejected', async () => {
    const es256 = await createModules(['ES256']);
    const { id } = await es256.tenants.create({ name: 'Acme' });
    const azure = { name: 'prod', tenant: id, cloud: 'azure', target: azureTarget };
    expect(await faultsOf(() => es256.connections.create(azure))).toEqual([
      { path: 'algorithm', message: 'this server has no key that the cloud accepts (RS256)' },
    ]);
    await es256.end();
  });
});
