/** What an administrator of an Azure subscription does with the files, against the sandbox. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { json } from '../../../src/sandbox/demo/http.ts';
import { inTemporaryDirectory } from './arrange.ts';
import { type Ran, runProgram } from './aws.arrange.ts';
import { readTerraform, reportOf } from './terraform.arrange.ts';

export const tenantId = '11111111-2222-4333-8444-555555555555';
export const subscription = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const scopeOf = (group: string) => `/subscriptions/${subscription}/resourceGroups/${group}`;
const identities = 'Microsoft.ManagedIdentity/userAssignedIdentities';

export interface Identity {
  readonly id: string;
  readonly tags?: unknown;
  readonly properties: { readonly clientId: string; readonly tenantId: string; readonly principalId: string };
}

export const armAt =
  (azure: string) =>
  <T = Identity>(method: string, path: string, body?: object): Promise<T> =>
    json<T>({
      method,
      url: `${azure}${path}?api-version=2023-01-31`,
      headers: { authorization: `Bearer sandbox:${tenantId}` },
      ...(body ? { body } : {}),
    });

type Arm = ReturnType<typeof armAt>;

export async function makeGroup(arm: Arm, group: string): Promise<void> {
  await arm('PUT', scopeOf(group), { location: 'westeurope' });
}

export async function deployTemplate(
  arm: Arm,
  group: string,
  template: object,
  parameters: Readonly<Record<string, { readonly value: unknown }>> = {},
): Promise<Readonly<Record<string, string>>> {
  const { properties } = await arm<{
    properties: { provisioningState: string; error?: unknown; outputs: Record<string, { value: string }> };
  }>('PUT', `${scopeOf(group)}/providers/Microsoft.Resources/deployments/sojourn`, {
    properties: { mode: 'Incremental', template, parameters },
  });
  if (properties.provisioningState !== 'Succeeded') throw new Error(JSON.stringify(properties));
  return Object.fromEntries(Object.entries(properties.outputs).map(([name, { value }]) => [name, value]));
}

/** What the azurerm provider makes of the resources of the file. */
export async function applyTerraform(arm: Arm, group: string, source: string) {
  const { resource, value, labels } = await readTerraform(source, { resource_group_name: group });
  const known: Record<string, Record<string, unknown>> = {
    data: {
      azurerm_resource_group: { this: { name: group, id: scopeOf(group), location: 'westeurope' } },
      azurerm_subscription: { current: { id: `/subscriptions/${subscription}` } },
    },
    azurerm_user_assigned_identity: {},
  };
  for (const label of labels('azurerm_user_assigned_identity')) {
    const read = (type: string, more = {}) =>
      value(resource(type, label), { ...known, ...more }) as Record<string, string>;
    const { name, resource_group_name, location, tags } = read('azurerm_user_assigned_identity');
    const path = `${scopeOf(resource_group_name ?? '')}/providers/${identities}/${name}`;
    const { properties } = await arm('PUT', path, { location, ...(tags ? { tags } : {}) });
    known.azurerm_user_assigned_identity![label] = {
      id: path,
      client_id: properties.clientId,
      tenant_id: properties.tenantId,
      principal_id: properties.principalId,
    };
    const trust = read('azurerm_federated_identity_credential');
    await arm('PUT', `${trust.parent_id}/federatedIdentityCredentials/${trust.name}`, {
      properties: { issuer: trust.issuer, subject: trust.subject, audiences: trust.audience },
    });
    const { for_each } = resource('azurerm_role_assignment', label);
    for (const role of value(for_each, known) as string[]) {
      const one = read('azurerm_role_assignment', { each: { value: role } });
      await arm('PUT', `${one.scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, {
        properties: {
          roleDefinitionId: one.role_definition_id,
          principalId: one.principal_id,
          principalType: one.principal_type,
          description: one.description,
        },
      });
    }
  }
  const identity = known.azurerm_user_assigned_identity as Record<
    string,
    { client_id: string; tenant_id: string }
  >;
  return {
    identity,
    report: labels('terraform_data').length > 0 ? await reportOf(source, known) : undefined,
  };
}

/** Translates the calls of the script to those of the resource manager. */
const az = `
const { randomUUID } = require('node:crypto');
const argv = process.argv.slice(2);
const words = argv.slice(0, argv.findIndex((word) => word.startsWith('--'))).join(' ');
const options = Object.fromEntries(argv.filter((word) => /^--[a-z-]+=/.test(word)).map((word) => {
  const at = word.indexOf('=');
  return [word.slice(2, at), word.slice(at + 1)];
}));
const tagsAt = argv.indexOf('--tags');
const tags = tagsAt < 0 ? undefined : Object.fromEntries(argv.slice(tagsAt + 1).map((tag) => {
  const at = tag.indexOf('=');
  return [tag.slice(0, at), tag.slice(at + 1)];
}));
const groups = '/subscriptions/' + process.env.SUBSCRIPTION + '/resourceGroups/';
const identity = (name) => groups + options['resource-group'] + '/providers/Microsoft.ManagedIdentity/userAssignedIdentities/' + name;
async function arm(method, path, body) {
  const answer = await fetch(process.env.AZURE + path + '?api-version=2023-01-31', {
    method,
    headers: { authorization: 'Bearer sandbox:' + process.env.TENANT, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const read = await answer.json();
  if (!answer.ok) {
    // Azure's command line takes an assignment that is there already for made.
    if (read.error?.code === 'RoleAssignmentExists') return read;
    console.error(read.error?.message);
    process.exit(3);
  }
  return read;
}
const commands = {
  'group show': async () => arm('GET', groups + options.name),
  'identity create': () => arm('PUT', identity(options.name), { location: 'westeurope', tags }),
  'identity show': async () => (await arm('GET', identity(options.name))).properties,
  'identity federated-credential list': async () => {
    const { value } = await arm('GET', identity(options['identity-name']) + '/federatedIdentityCredentials');
    const [issuer, subject] = [...options.query.matchAll(/==\`(.*?)\`/g)].map(([, literal]) => JSON.parse(literal));
    const found = value.find(({ properties }) => properties.issuer === issuer && properties.subject === subject);
    return { [options.query]: found?.name ?? '' };
  },
  'identity federated-credential create': () =>
    arm('PUT', identity(options['identity-name']) + '/federatedIdentityCredentials/' + options.name, {
      properties: { issuer: options.issuer, subject: options.subject, audiences: [options.audiences] },
    }),
  'role assignment create': () =>
    arm('PUT', options.scope + '/providers/Microsoft.Authorization/roleAssignments/' + randomUUID(), {
      properties: {
        roleDefinitionId: '/subscriptions/' + process.env.SUBSCRIPTION + '/providers/Microsoft.Authorization/roleDefinitions/' + options.role,
        principalId: options['assignee-object-id'],
        principalType: options['assignee-principal-type'],
        description: options.description,
      },
    }),
};
commands[words]().then((found) => { if (options.query) console.log(found[options.query]); });
`;

/** The script, by bash, around a stand-in of az. */
export function runScript(azure: string, group: string, source: string): Promise<Ran> {
  return inTemporaryDirectory(async (cwd) => {
    const at = (name: string) => join(cwd, name);
    writeFileSync(at('az.cjs'), az);
    writeFileSync(at('az'), `#!/bin/sh\nexec '${process.execPath}' '${at('az.cjs')}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(at('setup.sh'), source);
    const env = {
      PATH: `${cwd}:/usr/bin:/bin`,
      AZURE: azure,
      TENANT: tenantId,
      SUBSCRIPTION: subscription,
    };
    return runProgram('bash', ['setup.sh', group], { cwd, env });
  });
}
