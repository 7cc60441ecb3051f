import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AzureBench,
  audience,
  group,
  identityId,
  openAzureBench,
  reader,
  readerId,
  subject,
  subscription,
  tenant,
  uuid,
} from './azure-bench.ts';

let bench: AzureBench;
beforeEach(async () => {
  bench = await openAzureBench();
});
afterEach(() => bench.close());

const fault = (status: number, code: string, message: string) => ({
  status,
  body: { error: { code, message } },
});
const credentialId = `${identityId}/federatedIdentityCredentials/sojourn`;
const assignment = (id: string) => `${id}/providers/Microsoft.Authorization/roleAssignments`;
const name = '12345678-1234-1234-1234-123456789abc';

describe('an identity and its federated credentials in the sandbox', () => {
  test('are written, read, listed and deleted by id, in any case', async () => {
    const identity = {
      id: identityId,
      name: 'sojourn',
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      location: 'westeurope',
      tags: {},
      properties: {
        tenantId: tenant,
        principalId: expect.stringMatching(uuid),
        clientId: expect.stringMatching(uuid),
      },
    };
    expect(await bench.arm('GET', identityId.toLowerCase())).toEqual({ status: 200, body: identity });
    const credential = {
      id: credentialId,
      name: 'sojourn',
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials',
      properties: { issuer: bench.issuer.issuer, subject, audiences: [audience] },
    };
    expect(await bench.arm('GET', credentialId)).toEqual({ status: 200, body: credential });
    expect(await bench.arm('GET', `${identityId}/federatedIdentityCredentials`)).toEqual({
      status: 200,
      body: { value: [credential] },
    });
    expect(await bench.arm('DELETE', identityId)).toEqual({ status: 200, body: undefined });
    expect(await bench.arm('DELETE', identityId)).toEqual({ status: 204, body: undefined });
    expect(await bench.arm('GET', credentialId)).toMatchObject({ status: 404 });
  });

  test('keep their generated ids when they are written again', async () => {
    const again = await bench.arm('PUT', identityId, { location: 'westeurope' });
    expect(again.status).toBe(200);
    expect(again.body.properties.clientId).toBe(bench.clientId);
  });

  const audienceText = 'Federated identity credentials must have exactly one audience.';
  test.each([
    ['no audience', { audiences: [] }, audienceText],
    ['two audiences', { audiences: ['a', 'b'] }, audienceText],
    ['no issuer', { issuer: '' }, 'Federated identity credentials must have an issuer.'],
    [
      'a subject of 601 characters',
      { subject: 'x'.repeat(601) },
      'Federated identity credential subject must not exceed 600 characters.',
    ],
  ])('are refused with %s', async (_, changes, message) => {
    const properties = { issuer: 'https://id.example.com', subject: 's', audiences: [audience], ...changes };
    expect(await bench.arm('PUT', credentialId, { properties })).toEqual(fault(400, 'BadRequest', message));
  });

  test('are refused with a duplicate issuer and subject, with an invalid name, and beyond 20 credentials', async () => {
    const put = (credential: string, changes = {}) =>
      bench.arm('PUT', `${identityId}/federatedIdentityCredentials/${credential}`, {
        properties: { issuer: bench.issuer.issuer, subject, audiences: [audience], ...changes },
      });
    expect(await put('twin')).toEqual(
      fault(409, 'Conflict', 'Issuer and subject combination already exists for this Managed Identity.'),
    );
    expect(await put('-a')).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
    for (let index = 2; index <= 20; index += 1)
      expect((await put(`number-${index}`, { subject: `s${index}` })).status).toBe(201);
    expect(await put('number-21', { subject: 's21' })).toEqual(
      fault(
        400,
        'BadRequest',
        'Too many federated identity credentials for the managed identity: the limit is 20.',
      ),
    );
  });

  test('require their parent and their resource group', async () => {
    const orphan = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/none`;
    expect(
      await bench.arm('PUT', `${orphan}/federatedIdentityCredentials/sojourn`, { properties: {} }),
    ).toEqual(
      fault(
        404,
        'ParentResourceNotFound',
        `Failed to perform 'write' on resource(s) of type 'userAssignedIdentities/federatedIdentityCredentials', because the parent resource '${orphan}' could not be found.`,
      ),
    );
    expect(await bench.arm('GET', orphan)).toEqual(
      fault(
        404,
        'ResourceNotFound',
        "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/none' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
      ),
    );
    expect(await bench.arm('PUT', orphan.replace('/rg/', '/other/'), { location: 'westeurope' })).toEqual(
      fault(404, 'ResourceGroupNotFound', "Resource group 'other' could not be found."),
    );
  });
});

describe('a role assignment in the sandbox', () => {
  const put = (properties: Record<string, unknown>, id = `${assignment(group)}/${name}`) =>
    bench.arm('PUT', id, {
      properties: { principalId: bench.principalId, roleDefinitionId: readerId, ...properties },
    });

  test('exists at most once for a principal, a role and a scope', async () => {
    expect(await put({ principalType: 'ServicePrincipal' })).toEqual({
      status: 201,
      body: {
        id: `${assignment(group)}/${name}`,
        name,
        type: 'Microsoft.Authorization/roleAssignments',
        properties: {
          roleDefinitionId: readerId,
          principalId: bench.principalId,
          principalType: 'ServicePrincipal',
          scope: group,
        },
      },
    });
    const twin = `${assignment(group)}/${name.replace('1', '2')}`;
    expect(await put({}, twin)).toEqual(
      fault(
        409,
        'RoleAssignmentExists',
        `The role assignment already exists. The ID of the conflicting role assignment is ${name.replaceAll('-', '')}.`,
      ),
    );
    expect(await put({ principalId: name, principalType: 'ServicePrincipal' })).toEqual(
      fault(
        400,
        'RoleAssignmentUpdateNotPermitted',
        'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
      ),
    );
  });

  test('is refused with a name that is not a GUID and for a role that does not exist', async () => {
    expect(await put({}, `${assignment(group)}/mine`)).toEqual(
      fault(
        400,
        'InvalidRoleAssignmentId',
        "The role assignment ID 'mine' is not valid. The role assignment ID must be a GUID.",
      ),
    );
    expect(await put({ roleDefinitionId: readerId.replace(reader, name) })).toEqual(
      fault(
        400,
        'RoleDefinitionDoesNotExist',
        `The specified role definition with ID '${name.replaceAll('-', '')}' does not exist.`,
      ),
    );
  });

  test('requires principalType while the identity is new', async () => {
    await bench.turn('/faults', { cloud: 'azure', propagation_seconds: 60 });
    expect(await put({})).toMatchObject({ status: 400, body: { error: { code: 'PrincipalNotFound' } } });
    expect((await put({ principalType: 'ServicePrincipal' })).status).toBe(201);
  });
});

describe('an access token of the sandbox’s Entra', () => {
  const tokenFor = async (scope = 'https://management.azure.com/.default') => {
    const assertion = await bench.issuer.sign(bench.claims());
    return (await bench.exchange({ ...bench.form(assertion), scope })).body.access_token as string;
  };
  const groups = `/subscriptions/${subscription}/resourcegroups`;
  const getAs = (bearer: string, path = groups) => bench.arm('GET', path, undefined, bearer);
  const assign = (scope: string) =>
    bench.arm('PUT', `${assignment(scope)}/${name}`, {
      properties: {
        principalId: bench.principalId,
        roleDefinitionId: readerId,
        principalType: 'ServicePrincipal',
      },
    });
  const refusedAt = (action: string, scope: string) =>
    fault(
      403,
      'AuthorizationFailed',
      `The client '${bench.clientId}' with object id '${bench.principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );

  test('allows nothing without a role, and access to the scope of its role', async () => {
    const token = await tokenFor();
    const denied = refusedAt(
      'Microsoft.Resources/subscriptions/resourcegroups/read',
      `/subscriptions/${subscription}`,
    );
    expect(await getAs(token)).toEqual(denied);
    expect(await getAs(token, '/subscriptions')).toEqual({
      status: 200,
      body: { value: [], count: { type: 'Total', value: 0 } },
    });
    await bench.arm('PUT', group.replace('/rg', '/hidden'), { location: 'westeurope' });
    await assign(group);
    const expectedGroup = {
      id: group,
      name: 'rg',
      type: 'Microsoft.Resources/resourceGroups',
      location: 'westeurope',
      properties: { provisioningState: 'Succeeded' },
    };
    expect(await getAs(token)).toEqual({ status: 200, body: { value: [expectedGroup] } });
    expect((await getAs(token, '/subscriptions')).body.count.value).toBe(1);
    expect((await getAs(token, `/subscriptions/${subscription}`)).status).toBe(403);
    expect(await bench.arm('PUT', group, { location: 'westeurope' }, token)).toEqual(
      refusedAt('Microsoft.Resources/subscriptions/resourcegroups/write', group),
    );
  });

  test('allows access only when the role assignment has propagated', async () => {
    const token = await tokenFor();
    await bench.turn('/faults', { cloud: 'azure', propagation_seconds: 60 });
    await assign(`/subscriptions/${subscription}`);
    expect((await getAs(token)).status).toBe(403);
    await bench.turn('/clock', { offset_seconds: 61 });
    expect((await getAs(token)).status).toBe(200);
  });

  test('is refused for another resource, after its expiry, and if the sandbox did not issue it', async () => {
    expect(await getAs(await tokenFor('https://vault.azure.net/.default'))).toEqual(
      fault(
        401,
        'InvalidAuthenticationTokenAudience',
        "The access token has been obtained for wrong audience or resource 'https://vault.azure.net'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.",
      ),
    );
    const token = await tokenFor();
    expect(await getAs(`${token.slice(0, -24)}${'A'.repeat(24)}`)).toEqual(
      fault(401, 'InvalidAuthenticationToken', 'The access token is invalid.'),
    );
    await bench.turn('/clock', { offset_seconds: 3600 });
    expect(await getAs(token)).toEqual(
      fault(
        401,
        'ExpiredAuthenticationToken',
        expect.stringMatching(
          /^The access token expiry UTC time '\d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M' is earlier than current UTC time '.+'\.$/,
        ) as unknown as string,
      ),
    );
  });
});

describe('the sandbox’s Azure Resource Manager', () => {
  test('requires a bearer token of the subscription’s tenant and an api-version', async () => {
    expect(await bench.arm('GET', group, undefined, '')).toEqual(
      fault(401, 'AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."),
    );
    const other = 'sandbox:99999999-2222-3333-4444-555555555555';
    expect(await bench.arm('GET', group, undefined, other)).toMatchObject({
      status: 401,
      body: { error: { code: 'InvalidAuthenticationTokenTenant' } },
    });
    expect(await bench.arm('GET', `${group}?x=1`)).toEqual(
      fault(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      ),
    );
  });
});
