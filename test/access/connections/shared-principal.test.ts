/**
 * Azure's consent variant: every customer's connection uses the vendor's one application, so a successful exchange does not
 * prove that the directory belongs to the customer of the connection.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseDocuments, readDocuments, writeDocuments } from '../../../src/tools/backup/documents.ts';
import {
  azureTarget,
  createModules,
  faultsOf,
  gcpTarget,
  guid,
  type Modules,
  roleArn,
} from '../../support/modules.ts';

const consent_redirect_uri = 'https://vendor.example/consented';
const other = '99999999-2222-4333-8444-555555555555';
const shared = { tenant_id: guid, client_id: guid, consent_redirect_uri };
const byVendor = 'is set by the vendor. Ask the sender of the invitation to change it';
const required =
  'must be given with consent_redirect_uri: all customers share the application, so no report may choose the directory';

let bench: Modules;
let tenant: string;
beforeEach(async () => {
  bench = await createModules();
  tenant = (await bench.tenants.create({ name: 'Acme' })).id;
});
afterEach(() => bench.end());

const create = (target: object, more: object = {}) =>
  bench.connections.create({ name: 'prod', tenant, cloud: 'azure', target, ...more });

describe('a connection to the application that all customers share', () => {
  test('is not created without the directory and the application', async () => {
    expect(await faultsOf(() => create({ consent_redirect_uri }))).toEqual([
      { path: 'target.tenant_id', message: required },
      { path: 'target.client_id', message: required },
    ]);
    expect((await bench.connections.list({ limit: 10 })).items).toEqual([]);
  });

  test.each([
    ['tenant_id', { tenant_id: other }],
    ['client_id', { client_id: other }],
    ['tenant_id', { tenant_id: null }],
  ])('does not take %s from a set-up report, and stays as it was', async (path, report) => {
    const created = await create(shared);
    expect(await faultsOf(() => bench.connections.report(created.id, report))).toEqual([
      { path, message: byVendor },
    ]);
    expect(await bench.connections.get(created.id)).toEqual(created);
  });

  test('accepts a set-up report that repeats its values', async () => {
    const created = await create(shared);
    expect(await bench.connections.report(created.id, { tenant_id: guid, client_id: guid })).toEqual(created);
  });

  test('does not keep a directory that a report chose before', async () => {
    const { id } = await create({});
    const reported = await bench.connections.report(id, { tenant_id: other, client_id: guid });
    const patch = { target: { consent_redirect_uri } };
    const message =
      'must be given again: all customers will share this principal, so no report may have chosen it';
    expect(await faultsOf(() => bench.connections.update(id, patch))).toEqual([
      { path: 'target.tenant_id', message },
      { path: 'target.client_id', message },
    ]);
    expect(await bench.connections.get(id)).toEqual(reported);
    expect((await bench.connections.update(id, { target: shared })).target).toMatchObject(shared);
  });

  test('has no purpose with another directory', async () => {
    const purposes = { read: { tenant_id: other } };
    expect(await faultsOf(() => create(shared, { purposes }))).toContainEqual(
      expect.objectContaining({ path: 'purposes.read.tenant_id' }),
    );
  });
});

describe('an application that one connection declares as shared', () => {
  const undeclared = { tenant_id: other, client_id: guid };
  const vendorFault = {
    path: 'target.client_id',
    message:
      'is an application that customers share; set consent_redirect_uri too, or give the identity of this customer',
  };

  test('is not taken from a set-up report of another connection, which stays as it was', async () => {
    await create(shared);
    const attacker = await create({});
    const faults = [
      {
        path: 'client_id',
        message:
          'is an application of the vendor. Report the identity that the set-up created in your account',
      },
    ];
    expect(await faultsOf(() => bench.connections.checkReport(attacker, undeclared))).toEqual(faults);
    expect(await faultsOf(() => bench.connections.report(attacker.id, undeclared))).toEqual(faults);
    const upper = { tenant_id: other, client_id: guid.toUpperCase() };
    expect(await faultsOf(() => bench.connections.report(attacker.id, upper))).toEqual(faults);
    expect(await bench.connections.get(attacker.id)).toEqual(attacker);
  });

  test('is not stored in a connection that does not declare it', async () => {
    const { id } = await create(shared);
    const { items: before } = await bench.connections.list({ limit: 10 });
    expect(await faultsOf(() => create(undeclared))).toEqual([vendorFault]);
    const patch = { target: { consent_redirect_uri: null } };
    expect(await faultsOf(() => bench.connections.update(id, patch))).toEqual([vendorFault]);
    expect((await bench.connections.list({ limit: 10 })).items).toEqual(before);
    const own = { consent_redirect_uri: null, client_id: other };
    expect((await bench.connections.update(id, { target: own })).target).toMatchObject({ client_id: other });
  });

  test('remains shared after its connections and their tenant were deleted', async () => {
    const { id } = await create(shared);
    await bench.connections.remove(id);
    await bench.tenants.remove(tenant);
    tenant = (await bench.tenants.create({ name: 'Acme' })).id;
    const attacker = await create({});
    expect(await faultsOf(() => bench.connections.report(attacker.id, undeclared))).toHaveLength(1);
  });

  test('remains shared after a restore', async () => {
    await create(shared);
    const documents = parseDocuments(await readDocuments(bench.store), 'backup');
    const restored = await createModules();
    try {
      await writeDocuments(restored.store, documents);
      const attacker = await restored.connections.create({ name: 'b', tenant, cloud: 'azure', target: {} });
      expect(await faultsOf(() => restored.connections.report(attacker.id, undeclared))).toHaveLength(1);
    } finally {
      await restored.end();
    }
  });

  test('is not usable by a connection to which a report gave it before', async () => {
    const attacker = await create({});
    const reported = await bench.connections.report(attacker.id, undeclared);
    await create(shared);
    const { client } = await bench.clients.create({ name: 'c', may_use: [{ connection: attacker.id }] });
    const context = { source_ip: '127.0.0.1', request_id: 'r' };
    for (const purpose of [undefined, null])
      await expect(
        bench.policy.authorize({
          client,
          connection: attacker.id,
          context,
          ...(purpose === undefined ? {} : { purpose }),
        }),
      ).rejects.toMatchObject({ code: 'principal_undeclared' });
    expect(await bench.connections.undeclared(reported)).toMatchObject({
      kind: 'shared',
      field: 'client_id',
    });
  });
});

describe('an audience at a service that does not check the subject', () => {
  const connect = (of: string, resource_server_id: string, name = 'prod') =>
    bench.connections.create({
      name,
      tenant: of,
      cloud: 'rabbitmq',
      target: { host: 'rabbit.example', resource_server_id, permissions: `${resource_server_id}.read:*` },
    });
  const fault = {
    path: 'target.resource_server_id',
    message: 'belongs to another tenant, whose service does not check the subject; each tenant needs its own',
  };
  let globex: string;
  beforeEach(async () => {
    globex = (await bench.tenants.create({ name: 'Globex' })).id;
  });

  test('is in no connection of a second tenant, new or updated', async () => {
    const { id } = await connect(tenant, 'acme');
    expect(await faultsOf(() => connect(globex, 'acme'))).toEqual([fault]);
    const own = await connect(globex, 'globex');
    const patch = { target: { resource_server_id: 'acme' } };
    expect(await faultsOf(() => bench.connections.update(own.id, patch))).toEqual([fault]);
    const { items } = await bench.connections.list({ limit: 10 });
    expect(items.map((connection) => connection.id).toSorted()).toEqual([id, own.id].toSorted());
    expect(await bench.connections.get(own.id)).toEqual(own);
  });

  test('is refused in a connection that existed before the preset said so', async () => {
    const old = await connect(globex, 'acme');
    const { items } = await bench.store.list('shared_principal', { limit: 2 });
    const { id, version } = items[0]!;
    await bench.store.remove('shared_principal', id, version);
    await connect(tenant, 'acme');
    const { client } = await bench.clients.create({ name: 'c', may_use: [{ connection: old.id }] });
    const context = { source_ip: '127.0.0.1', request_id: 'r' };
    await expect(bench.policy.authorize({ client, connection: old.id, context })).rejects.toMatchObject({
      code: 'principal_undeclared',
      message:
        'The connection names an audience that belongs to another tenant, whose service does not check the subject.',
      advice:
        'Give the customer an audience of their own, at the service and with `sojourn connection update ID`.',
    });
  });

  test('is in no connection of a second tenant to another service either', async () => {
    await connect(tenant, 'acme');
    const elsewhere = (cloud: string, target: object) =>
      bench.connections.create({ name: 'x', tenant: globex, cloud, target });
    const message = fault.message;
    const audience = 'acme';
    for (const [cloud, target] of [
      ['minio', { endpoint: 'https://minio.example', role_arn: 'arn:minio:iam:::role/a', audience }],
      ['s3-sts', { endpoint: 'https://s3.example', role_arn: 'arn:aws:iam:::role/a', audience }],
      ['oidc', { audience }],
    ] as const)
      expect(await faultsOf(() => elsewhere(cloud, target))).toEqual([{ path: 'target.audience', message }]);
    expect((await bench.connections.list({ limit: 10 })).items).toHaveLength(1);
  });

  test('is in several connections of its tenant', async () => {
    await connect(tenant, 'acme');
    expect(await connect(tenant, 'acme', 'staging')).toMatchObject({ verdict: 'pending' });
  });

  test('is claimed by one of two tenants that create a connection at once', async () => {
    const results = await Promise.allSettled([connect(tenant, 'acme'), connect(globex, 'acme')]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('is chosen by no set-up report', async () => {
    const own = await connect(globex, 'globex');
    const report = { resource_server_id: 'acme' };
    expect(await faultsOf(() => bench.connections.report(own.id, report))).toEqual([
      { path: 'resource_server_id', message: byVendor },
    ]);
    expect(await bench.connections.get(own.id)).toEqual(own);
  });

  test('remains that of its tenant after the connection was deleted, and after a restore', async () => {
    const { id } = await connect(tenant, 'acme');
    await bench.connections.remove(id);
    expect(await faultsOf(() => connect(globex, 'acme'))).toEqual([fault]);
    const restored = await createModules();
    try {
      await writeDocuments(restored.store, parseDocuments(await readDocuments(bench.store), 'backup'));
      const target = { host: 'rabbit.example', resource_server_id: 'acme', permissions: 'acme.read:*' };
      const input = { name: 'prod', cloud: 'rabbitmq', target };
      expect(await faultsOf(() => restored.connections.create({ ...input, tenant: globex }))).toEqual([
        fault,
      ]);
      expect(await restored.connections.create({ ...input, tenant })).toMatchObject({ tenant });
    } finally {
      await restored.end();
    }
  });
});

describe('what selects the side of the customer', () => {
  test.each([
    ['aws', { role_arn: roleArn, region: 'eu-central-1' }, ['role_arn', 'region', 'external_id']],
    ['azure', azureTarget, ['tenant_id', 'client_id', 'environment', 'consent_redirect_uri']],
    ['gcp', gcpTarget, ['project_number', 'pool_id', 'provider_id', 'service_account', 'uploaded_jwks']],
  ])('is in no purpose of a connection to %s', async (cloud, target, fields) => {
    for (const field of fields)
      expect(
        await faultsOf(() =>
          bench.connections.create({
            name: 'p',
            tenant,
            cloud,
            target,
            purposes: { read: { [field]: guid } },
          }),
        ),
      ).toContainEqual(expect.objectContaining({ path: `purposes.read.${field}` }));
  });

  test.each(['tenant', 'cloud', 'issuer', 'verdict', 'activated_at', 'id'])(
    'does not change with the field %s of an update',
    async (field) => {
      const created = await create(shared);
      const another = (await bench.tenants.create({ name: 'Globex' })).id;
      expect(await faultsOf(() => bench.connections.update(created.id, { [field]: another }))).toEqual([
        expect.objectContaining({ path: field }),
      ]);
      expect(await bench.connections.get(created.id)).toEqual(created);
    },
  );
});

test('a verification of an earlier target moves no connection to another issuer', async () => {
  const verified = await create(azureTarget);
  const changed = await bench.connections.update(verified.id, { target: { tenant_id: other } });
  const moved = 'https://id.example.com/t/ten_x';
  expect(await bench.connections.adopt(verified, moved)).toEqual(changed);
  expect(
    await bench.connections.setVerdict({ ...verified, issuer: moved }, 'active', { actor: 'a' }),
  ).toEqual(changed);
  expect(await bench.connections.adopt(changed, moved)).toMatchObject({ issuer: moved, verdict: 'pending' });
});

test.each(['aws', 'gcp'])(
  'a connection to %s has a principal of its customer, and no shared one',
  async (cloud) => {
    const { sharedPrincipalFields } = (await import('../../../src/clouds/index.ts')).clouds[
      cloud as 'aws' | 'gcp'
    ].entry(cloud === 'aws' ? {} : { project_number: '1', pool_id: 'pool', provider_id: 'prov', scopes: [] });
    expect(sharedPrincipalFields).toEqual([]);
  },
);
