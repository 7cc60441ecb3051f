/**
 * Azure's consent variant: every customer's connection uses the vendor's one application, so a successful exchange does not
 * prove that the directory belongs to the customer of the connection.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createModules, faultsOf, guid, type Modules } from '../../support/modules.ts';

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

test.each(['aws', 'gcp'])(
  'a connection to %s has a principal of its customer, and no shared one',
  async (cloud) => {
    const { sharedPrincipalFields } = (await import('../../../src/clouds/index.ts')).clouds[
      cloud as 'aws' | 'gcp'
    ].entry(cloud === 'aws' ? {} : { project_number: '1', pool_id: 'pool', provider_id: 'prov', scopes: [] });
    expect(sharedPrincipalFields).toEqual([]);
  },
);
