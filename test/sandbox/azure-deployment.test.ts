import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AzureBench,
  audience,
  group,
  openAzureBench,
  reader,
  subscription,
  tenant,
  uuid,
} from './azure-bench.ts';

let bench: AzureBench;
beforeEach(async () => {
  bench = await openAzureBench();
});
afterEach(() => bench.close());

const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
const deployment = `${group}/providers/Microsoft.Resources/deployments/setup`;
const identity = (more = {}) => ({
  type: identityType,
  apiVersion: '2023-01-31',
  name: "[parameters('name')]",
  location: '[resourceGroup().location]',
  ...more,
});
const credential = (name: string, more = {}) => ({
  type: `${identityType}/federatedIdentityCredentials`,
  apiVersion: '2023-01-31',
  name: `[format('{0}/{1}', parameters('name'), '${name}')]`,
  dependsOn: [`[resourceId('${identityType}', parameters('name'))]`],
  properties: { issuer: bench.issuer.issuer, subject: name, audiences: [audience] },
  ...more,
});
const roleAssignment = (more = {}) => ({
  type: 'Microsoft.Authorization/roleAssignments',
  apiVersion: '2022-04-01',
  name: "[guid(resourceGroup().id, parameters('name'), variables('role'))]",
  dependsOn: [`[resourceId('${identityType}', parameters('name'))]`],
  properties: {
    roleDefinitionId:
      "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', variables('role'))]",
    principalId: `[reference(resourceId('${identityType}', parameters('name')), '2023-01-31').principalId]`,
    principalType: 'ServicePrincipal',
  },
  ...more,
});
const template = (resources: unknown[], more = {}) => ({
  $schema: schema,
  contentVersion: '1.0.0.0',
  parameters: { name: { type: 'string', defaultValue: 'acme', minLength: 3, maxLength: 24 } },
  variables: { role: reader },
  resources,
  ...more,
});
const deploy = (what: unknown, parameters = {}, path = deployment) =>
  bench.arm('PUT', path, { properties: { template: what, parameters, mode: 'Incremental' } });
const invalid = (text: string) => ({
  status: 400,
  body: { error: { code: 'InvalidTemplate', message: `Deployment template validation failed: '${text}'.` } },
});

describe('an ARM deployment in the sandbox', () => {
  test('creates the identity, its credential and its role assignment, and returns the outputs', async () => {
    const outputs = {
      clientId: {
        type: 'string',
        value: `[reference(resourceId('${identityType}', parameters('name'))).clientId]`,
      },
      tenantId: { type: 'string', value: '[tenant().tenantId]' },
      where: {
        type: 'string',
        value: "[toLower(concat(subscription().subscriptionId, '/', resourceGroup().name))]",
      },
      skipped: { type: 'string', condition: "[equals(parameters('name'), 'other')]", value: 'x' },
    };
    const made = await deploy(template([identity(), credential('conn_1'), roleAssignment()], { outputs }), {
      name: { value: 'acme-two' },
    });
    expect(made).toEqual({
      status: 201,
      body: {
        id: deployment,
        name: 'setup',
        type: 'Microsoft.Resources/deployments',
        properties: {
          mode: 'Incremental',
          provisioningState: 'Succeeded',
          timestamp: expect.any(String),
          duration: 'PT1S',
          correlationId: expect.stringMatching(uuid),
          parameters: { name: { value: 'acme-two' } },
          outputs: {
            clientId: { type: 'String', value: expect.stringMatching(uuid) },
            tenantId: { type: 'String', value: tenant },
            where: { type: 'String', value: `${subscription}/rg` },
          },
          outputResources: [
            { id: `${group}/providers/${identityType}/acme-two` },
            { id: `${group}/providers/${identityType}/acme-two/federatedIdentityCredentials/conn_1` },
            { id: expect.stringMatching(/roleAssignments\/[0-9a-f-]{36}$/) },
          ],
        },
      },
    });
    expect(await bench.arm('GET', deployment)).toEqual({ status: 200, body: made.body });
    expect(
      (
        await deploy(template([identity(), credential('conn_1'), roleAssignment()]), {
          name: { value: 'acme-two' },
        })
      ).status,
    ).toBe(200);
  });

  test('supports nested child resources, conditions and extension scopes', async () => {
    const child = { ...credential('conn_1'), type: 'federatedIdentityCredentials', name: 'conn_1' };
    const answer = await deploy(
      template([
        identity({ resources: [child] }),
        identity({ name: 'never', condition: "[not(empty(parameters('name')))]" }),
        identity({ name: 'absent', condition: "[empty(parameters('name'))]" }),
        roleAssignment({ scope: `[format('${identityType}/{0}', parameters('name'))]` }),
      ]),
    );
    expect(answer.body.properties.provisioningState).toBe('Succeeded');
    const ids = answer.body.properties.outputResources.map(({ id }: { id: string }) =>
      id.slice(group.length),
    );
    expect(ids).toEqual([
      `/providers/${identityType}/acme`,
      `/providers/${identityType}/acme/federatedIdentityCredentials/conn_1`,
      `/providers/${identityType}/never`,
      expect.stringMatching(
        new RegExp(`^/providers/${identityType}/acme/providers/Microsoft.Authorization/roleAssignments/`),
      ),
    ]);
  });

  test('at subscription scope creates the resource group, and its resources in a nested deployment', async () => {
    const nested = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'inside',
      resourceGroup: 'fresh',
      dependsOn: ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'fresh')]"],
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        parameters: { name: { value: "[parameters('name')]" } },
        template: template([identity()]),
      },
    };
    const resourceGroup = {
      type: 'Microsoft.Resources/resourceGroups',
      apiVersion: '2022-09-01',
      name: 'fresh',
      location: 'westeurope',
    };
    const path = `/subscriptions/${subscription}/providers/Microsoft.Resources/deployments/all`;
    const answer = await deploy(template([resourceGroup, nested]), {}, path);
    expect(answer.body.properties.provisioningState).toBe('Succeeded');
    const inside = `/subscriptions/${subscription}/resourceGroups/fresh/providers/${identityType}/acme`;
    expect((await bench.arm('GET', inside)).status).toBe(200);
  });

  const failure = (code: string, message: string) => ({
    code: 'DeploymentFailed',
    message:
      'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
    details: [{ code, message }],
  });

  test('fails if two credentials of one identity are written concurrently, and succeeds in sequence', async () => {
    const id = `${group}/providers/${identityType}/acme`;
    const both = await deploy(template([identity(), credential('conn_1'), credential('conn_2')]));
    expect(both.body.properties).toMatchObject({
      provisioningState: 'Failed',
      error: failure(
        'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
        `Too many Federated Identity Credentials are written concurrently for the managed identity '${id}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
      ),
    });
    const second = credential('conn_2', {
      dependsOn: [
        `[resourceId('${identityType}/federatedIdentityCredentials', parameters('name'), 'conn_1')]`,
      ],
    });
    const inTurn = await deploy(template([identity(), credential('conn_1'), second]));
    expect(inTurn.body.properties.provisioningState).toBe('Succeeded');
  });

  test('fails if a resource refers to another without a dependency', async () => {
    const hasty = await deploy(template([identity(), roleAssignment({ dependsOn: [] })]), {
      name: { value: 'hasty' },
    });
    const missing = `The Resource '${identityType}/hasty' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
    expect(hasty.body.properties.error).toEqual(failure('ResourceNotFound', missing));
  });

  test('adds a dependency for a reference by name', async () => {
    const byName = roleAssignment({ dependsOn: [] });
    byName.properties.principalId = "[reference(parameters('name')).principalId]";
    const answer = await deploy(template([byName, identity()]));
    expect(answer.body.properties.provisioningState).toBe('Succeeded');
  });
});

describe('an ARM template is refused before any resource is created', () => {
  test.each([
    [
      'an unknown parameter',
      [],
      { extra: { value: 'x' } },
      "The template parameters 'extra' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time.",
    ],
    [
      'a value that is too short',
      [],
      { name: { value: 'ab' } },
      "The provided value for the template parameter 'name' is not valid. Length of the value should be greater than or equal to '3'.",
    ],
    [
      'a value of another type',
      [],
      { name: { value: 5 } },
      "The provided value for the template parameter 'name' is not valid. Expected a value of type 'string'.",
    ],
    [
      'an unknown function',
      [identity({ name: "[newGuid('x')]" })],
      {},
      "The template function 'newGuid' is not valid.",
    ],
    [
      'an incomplete expression',
      [identity({ name: "[concat('a']" })],
      {},
      "Unable to parse language expression 'concat('a'': unexpected token at position '3'.",
    ],
    [
      'a missing dependency',
      [identity({ dependsOn: ['nothing'] })],
      {},
      "The resource 'nothing' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.",
    ],
    [
      'a circular dependency',
      [identity({ dependsOn: ['acme'] })],
      {},
      `Circular dependency detected on resource: '${group}/providers/${identityType}/acme'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    ],
    [
      'a copy loop',
      [identity({ copy: { name: 'c', count: 2 } })],
      {},
      "The sandbox does not evaluate 'copy'.",
    ],
    [
      'a type with too few names',
      [{ type: `${identityType}/federatedIdentityCredentials`, apiVersion: '1', name: 'one' }],
      {},
      `The template resource 'one' of type '${identityType}/federatedIdentityCredentials' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    ],
  ])('for %s', async (_, resources, parameters, text) => {
    const before = await bench.arm('GET', `${group}/providers/${identityType}`);
    const answer = await deploy(template(resources), parameters);
    expect(answer).toEqual(invalid(text));
    expect(await bench.arm('GET', `${group}/providers/${identityType}`)).toEqual(before);
  });

  test('for a value that is not allowed', async () => {
    const parameters = { name: { type: 'string', allowedValues: ['one', 'two'] } };
    expect(await deploy(template([], { parameters }), { name: { value: 'three' } })).toEqual(
      invalid(
        "The provided value 'three' for the template parameter 'name' is not valid. The value is not part of the allowed value(s): 'one,two'.",
      ),
    );
  });

  test('for a type that the sandbox does not support', async () => {
    const answer = await deploy(
      template([{ type: 'Microsoft.Network/virtualNetworks', apiVersion: '1', name: 'x' }]),
    );
    expect(answer).toEqual(
      invalid("The sandbox does not support the resource type 'Microsoft.Network/virtualNetworks'."),
    );
  });
});
