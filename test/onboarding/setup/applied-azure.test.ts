/** The files for Azure, applied to the sandbox as a customer would, and entered afterwards. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  applyTerraform,
  armAt,
  deployTemplate,
  type Identity,
  makeGroup,
  runScript,
  scopeOf,
  tenantId,
} from './azure.arrange.ts';
import { factsFor, fileFor, filesFor, type Live, type SetupBench, setupBench } from './bench.ts';
import { armOf } from './bicep.arrange.ts';

let bench: SetupBench;
let azure: string;
let arm: ReturnType<typeof armAt>;
beforeAll(async () => {
  bench = await setupBench();
  azure = `${bench.sandbox.origin}/azure`;
  arm = armAt(azure);
});
afterAll(() => bench.close());

const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const monitoring = '43d0d8ad-25c7-4714-9337-8ba259a9fe05';
const connect = (name?: string) => bench.connect('azure', { tenant_id: tenantId }, name);
const additionalOf = (connection: Live) => ({ target: connection.target, facts: factsFor(connection) });
const options = { tags: { Team: "a'b", Note: '[concat(1)]', 'x y': '${z}' } };
const permissions = { watch: { roles: [reader, monitoring] } };

const identitiesIn = async (group: string) =>
  (
    await arm<{ value: Identity[] }>(
      'GET',
      `${scopeOf(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`,
    )
  ).value;
const rolesIn = async (group: string) =>
  (
    await arm<{ value: { properties: { roleDefinitionId: string; principalId: string } }[] }>(
      'GET',
      `${scopeOf(group)}/providers/Microsoft.Authorization/roleAssignments`,
    )
  ).value.map(({ properties }) => properties.roleDefinitionId.split('/').at(-1));

/** Each is let in as its own identity and not as the other. */
async function enters(one: Live, two: Live, clients: readonly [string | undefined, string | undefined]) {
  await bench.save(one, { client_id: clients[0] });
  await bench.save(two, { client_id: clients[1] });
  expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([true, true]);
  await bench.save(one, { client_id: clients[1] });
  await bench.save(two, { client_id: clients[0] });
  expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([false, false]);
}

describe('a set-up file for Azure, applied to a resource group:', () => {
  const forms: [string, (source: string) => object][] = [
    ['azuredeploy.json', (source) => JSON.parse(source)],
    ['main.bicep', armOf],
  ];

  test.each(forms)('%s creates identities, each admitting its own connection', async (name, read) => {
    const group = name.replace('.', '-');
    await makeGroup(arm, group);
    const [one, two] = [await connect('one'), await connect('[two]')];
    const source = fileFor(one, name, { additional: [additionalOf(two)], options, permissions });
    const outputs = await deployTemplate(arm, group, read(source));
    expect(outputs.tenantId).toBe(tenantId);
    expect((await identitiesIn(group)).map(({ tags }) => tags)).toEqual([options.tags, options.tags]);
    expect((await rolesIn(group)).toSorted()).toEqual([monitoring, monitoring, reader, reader]);
    await enters(one, two, [outputs.clientId, outputs.clientId2]);
  });

  test.each(forms)('%s is applied again after the identity was deleted', async (name, read) => {
    const group = `again-${name.replace('.', '-')}`;
    await makeGroup(arm, group);
    const connection = await connect();
    const template = read(fileFor(connection, name));
    const first = await deployTemplate(arm, group, template);
    const [identity] = await identitiesIn(group);
    await arm('DELETE', identity?.id ?? '');
    // Bicep cannot compute a name from the new principal.
    const seed = name === 'main.bicep' ? { assignmentSeed: { value: 'again' } } : {};
    const second = await deployTemplate(arm, group, template, seed);
    expect(second.clientId).not.toBe(first.clientId);
    await bench.save(connection, { client_id: second.clientId });
    expect([await bench.isIn(connection), await rolesIn(group)]).toEqual([true, [reader, reader]]);
  });

  test.each([...forms.map(([name]) => name), 'setup.sh'])(
    '%s adopts a credential and a role assignment that were made by hand',
    async (name) => {
      const group = `hand-${name.replace('.', '-')}`;
      await makeGroup(arm, group);
      const connection = await connect();
      const path = `${scopeOf(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/sojourn-${connection.id}`;
      const { properties } = await arm('PUT', path, { location: 'westeurope' });
      const { issuer, subject, audience } = connection;
      await arm('PUT', `${path}/federatedIdentityCredentials/by-hand`, {
        properties: { issuer, subject, audiences: [audience] },
      });
      const assignment = '5f0c2c2f-5a11-4d2a-9a61-0b5c1a528f0e';
      await arm('PUT', `${scopeOf(group)}/providers/Microsoft.Authorization/roleAssignments/${assignment}`, {
        properties: {
          roleDefinitionId: `/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
          principalId: properties.principalId,
          principalType: 'ServicePrincipal',
        },
      });
      const source = fileFor(connection, name);
      const form = forms.find(([file]) => file === name);
      if (form) {
        const template = form[1](source);
        await expect(deployTemplate(arm, group, template)).rejects.toThrow(/Conflict|RoleAssignmentExists/);
        const adopt = { createCredential: { value: false }, assignRoles: { value: false } };
        await deployTemplate(arm, group, template, adopt);
      } else expect(await runScript(azure, group, source)).toMatchObject({ status: 0, stderr: '' });
      const { value } = await arm<{ value: { name: string }[] }>(
        'GET',
        `${path}/federatedIdentityCredentials`,
      );
      await bench.save(connection, { client_id: properties.clientId });
      expect([
        value.map(({ name: found }) => found),
        await rolesIn(group),
        await bench.isIn(connection),
      ]).toEqual([['by-hand'], [reader], true]);
    },
  );

  test('azuredeploy.json is refused by Azure Policy as the lint says, and not with its exception', async () => {
    const group = 'guarded';
    await makeGroup(arm, group);
    const connection = await connect();
    const guard = (...documents: object[]) =>
      fetch(`${bench.sandbox.origin}/sandbox/guardrails`, {
        method: 'PUT',
        body: JSON.stringify({ cloud: 'azure', guardrails: documents.map((document) => ({ document })) }),
      });
    const type = 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials';
    const policy = {
      policyRule: {
        if: {
          allOf: [
            { field: 'type', equals: type },
            { field: `${type}/issuer`, notIn: ['https://a.example'] },
          ],
        },
        // biome-ignore lint/suspicious/noThenProperty: the name is Azure Policy's
        then: { effect: 'deny' },
      },
    };
    const template = JSON.parse(fileFor(connection, 'azuredeploy.json'));
    const answer = await bench.server.admin.post<{ verdict: string; exception: string }>(
      `/connections/${connection.id}/lint-guardrail`,
      { document: JSON.stringify(policy) },
    );
    await guard(policy);
    await expect(deployTemplate(arm, group, template)).rejects.toThrow('RequestDisallowedByPolicy');
    expect(answer.verdict).toBe('refuses');
    await guard(JSON.parse(answer.exception));
    const { clientId } = await deployTemplate(arm, group, template);
    await bench.save(connection, { client_id: clientId });
    expect(await bench.isIn(connection)).toBe(true);
    await guard();
  });

  test('main.tf creates the same and reports', async () => {
    await makeGroup(arm, 'tf');
    const [one, two] = [await connect('one'), await connect('two')];
    const more = { additional: [additionalOf(two)], options, permissions, callback: bench.callback };
    const { identity, report } = await applyTerraform(arm, 'tf', fileFor(one, 'main.tf', more));
    expect(report).toEqual({ status: 0, stdout: 'Reported.\n', stderr: '' });
    const client_id = identity.this?.client_id;
    expect(bench.heard().map(({ body }) => body)).toEqual([{ tenant_id: tenantId, client_id }]);
    expect((await identitiesIn('tf')).map(({ tags }) => tags)).toEqual([options.tags, options.tags]);
    expect((await rolesIn('tf')).toSorted()).toEqual([monitoring, monitoring, reader, reader]);
    await enters(one, two, [client_id, identity.this_2?.client_id]);
  });

  test('setup.sh creates the same, reports, and can be run again', async () => {
    await makeGroup(arm, 'sh');
    const [one, two] = [await connect('one'), await connect('two')];
    const more = { additional: [additionalOf(two)], options, permissions, callback: bench.callback };
    const first = await runScript(azure, 'sh', fileFor(one, 'setup.sh', more));
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const found = await identitiesIn('sh');
    const clientOf = (connection: Live) =>
      found.find(({ id }) => id.endsWith(connection.id))?.properties.clientId;
    expect(bench.heard().map(({ body }) => body)).toEqual([
      { tenant_id: tenantId, client_id: clientOf(one) },
    ]);
    expect(found.map(({ tags }) => tags)).toEqual([options.tags, options.tags]);
    const again = await runScript(
      azure,
      'sh',
      fileFor(one, 'setup.sh', { ...more, callback: 'http://127.0.0.1:1/' }),
    );
    expect(again).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('Not reported: send the ids shown'),
    });
    expect((await rolesIn('sh')).toSorted()).toEqual([monitoring, monitoring, reader, reader]);
    await enters(one, two, [clientOf(one), clientOf(two)]);
  }, 60_000);

  test('each file has exactly the values of a token of the connection', async () => {
    const connection = await connect();
    const { iss, sub, aud } = await bench.claims(connection);
    const trust = { issuer: iss, subject: sub, audiences: [aud] };
    const read = (template: object) =>
      (template as { resources: { properties?: object }[] }).resources[1]?.properties;
    for (const [name, parse] of forms) expect(read(parse(fileFor(connection, name)))).toEqual(trust);
    for (const name of ['main.tf', 'setup.sh'])
      for (const said of [iss, sub, aud]) expect(fileFor(connection, name)).toContain(String(said));
  });
});

describe("the vendor's application that customers consent to", () => {
  const client_id = '0b5c1a52-8f0e-4d2a-9a61-2f0c2c2f5a11';
  const consent_redirect_uri = 'https://vendor.example/consented';

  test('has a consent link for one directory and a credential for the vendor only if the target asks for it', async () => {
    const connection = await bench.connect('azure', { tenant_id: tenantId, client_id, consent_redirect_uri });
    const items = async ({ id }: Live) =>
      (await bench.server.admin.get<{ items: { name: string }[] }>(`/connections/${id}/setup`)).items;
    expect((await items(connection)).map(({ name }) => name)).toEqual([
      'federated-credential.json',
      'admin-consent.uri',
    ]);
    expect(await bench.server.admin.file(`/connections/${connection.id}/setup/admin-consent.uri`)).toBe(
      `https://login.microsoftonline.com/${tenantId}/v2.0/adminconsent?client_id=${client_id}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default&redirect_uri=https%3A%2F%2Fvendor.example%2Fconsented\r\n`,
    );
    const [credential] = filesFor(connection);
    const { iss, sub, aud } = await bench.claims(connection);
    expect(JSON.parse(credential?.content ?? '')).toEqual({
      name: connection.id,
      issuer: iss,
      subject: sub,
      audiences: [aud],
    });
    expect((await items(await connect())).map(({ name }) => name)).not.toContain('admin-consent.uri');
  });
});
