import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setup } from '../../../src/clouds/azure/setup.ts';
import type { AzureTarget } from '../../../src/clouds/azure/target.ts';
import { armSchema } from './arm-schema.ts';
import { facts as anyFacts, carriable, contentOf, hostileText } from './arrange.ts';

const target: AzureTarget = {
  tenant_id: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  scope: 'https://management.azure.com/.default',
  environment: 'public',
};
const facts = (given: Parameters<typeof anyFacts>[0] = {}) =>
  anyFacts({ audience: 'api://AzureADTokenExchange', ...given });
const template = (...given: Parameters<typeof setup>) =>
  JSON.parse(contentOf(setup(...given), 'azuredeploy.json'));

const text = hostileText.map(carriable);

/** How Azure Resource Manager reads a string that is no expression. */
function literal(text: string): string {
  if (!text.startsWith('[') || !text.endsWith(']')) return text;
  if (text.startsWith('[[')) return text.slice(1);
  throw new Error(`evaluated: ${text}`);
}

describe('the ARM template', () => {
  test('creates an identity with one federated credential and one role assignment in the resource group', () => {
    expect(template(target, facts()).resources).toEqual([
      {
        type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
        apiVersion: '2023-01-31',
        name: "[parameters('identityName')]",
        location: "[parameters('location')]",
      },
      {
        type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials',
        apiVersion: '2023-01-31',
        name: "[format('{0}/{1}', parameters('identityName'), variables('credentialName'))]",
        condition: "[parameters('createCredential')]",
        dependsOn: ["[variables('identityId')]"],
        properties: {
          issuer: 'https://id.vendor.com/t/ten_x',
          subject: 'con_7h2k9',
          audiences: ['api://AzureADTokenExchange'],
        },
      },
      {
        type: 'Microsoft.Resources/deployments',
        apiVersion: '2022-09-01',
        name: "[format('sojourn-{0}', guid(variables('identityId')))]",
        condition: "[parameters('assignRoles')]",
        dependsOn: ["[variables('identityId')]"],
        properties: {
          mode: 'Incremental',
          expressionEvaluationOptions: { scope: 'inner' },
          parameters: {
            principalId: { value: "[reference(variables('identityId'), '2023-01-31').principalId]" },
            roleDefinitionId: { value: "[parameters('roleDefinitionId')]" },
          },
          template: {
            $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
            contentVersion: '1.0.0.0',
            parameters: { principalId: { type: 'string' }, roleDefinitionId: { type: 'string' } },
            resources: [
              {
                type: 'Microsoft.Authorization/roleAssignments',
                apiVersion: '2022-04-01',
                name: "[guid(resourceGroup().id, parameters('principalId'), parameters('roleDefinitionId'))]",
                properties: {
                  roleDefinitionId:
                    "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', parameters('roleDefinitionId'))]",
                  principalId: "[parameters('principalId')]",
                  principalType: 'ServicePrincipal',
                  description: 'Used by Vendor through con_7h2k9.',
                },
              },
            ],
          },
        },
      },
    ]);
  });

  test('defaults to the Reader role and the names of the connection, and outputs the ids that the connection needs', () => {
    const { parameters, variables, outputs } = template(target, facts());
    const property = (name: string) => ({
      type: 'string',
      value: `[reference(variables('identityId'), '2023-01-31').${name}]`,
    });
    expect({
      variables,
      outputs,
      defaults: Object.entries<{ defaultValue: unknown }>(parameters).map(([name, { defaultValue }]) => [
        name,
        defaultValue,
      ]),
    }).toEqual({
      variables: {
        identityId:
          "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('identityName'))]",
        credentialName: 'con_7h2k9',
      },
      outputs: {
        clientId: property('clientId'),
        tenantId: property('tenantId'),
        principalId: property('principalId'),
      },
      defaults: [
        ['identityName', 'sojourn-con_7h2k9'],
        ['location', '[resourceGroup().location]'],
        ['roleDefinitionId', 'acdd72a7-3385-48ef-bd42-f606fba81ae7'],
        ['createCredential', true],
        ['assignRoles', true],
      ],
    });
  });

  test('conforms to the published schemas with all options and any text', () => {
    fc.assert(
      fc.property(text, text, text, hostileText, (subject, audience, tag, name) => {
        const connection = { id: 'con_7h2k9', name };
        const other = { subject: 'con_other', connection: { id: 'con_other', name: 'b' } };
        const beside = [{ target, facts: facts(other) }];
        const options = { tags: { Team: tag }, roles: ['acdd72a7-3385-48ef-bd42-f606fba81ae7'] };
        const asked = [
          facts(),
          facts({ subject, audience, connection, options }),
          facts({ additional: beside }),
        ];
        for (const given of asked) armSchema.parse(template(target, given));
      }),
    );
  });

  test('refuses one identity for two connections', () => {
    const beside = [{ target, facts: facts({ connection: { id: 'con_2', name: 'b' } }) }];
    expect(() =>
      setup(target, facts({ additional: beside, options: { identity_name: 'Sojourn-con_2' } })),
    ).toThrow(/^identity_name: must not be the identity name of another connection in the files$/);
  });

  test('keeps a loopback issuer unchanged', () => {
    const [, credential] = template(target, facts({ issuer: 'http://127.0.0.1:1234' })).resources;
    expect(credential.properties.issuer).toBe('http://127.0.0.1:1234');
  });

  test('contains issuer, subject and audience unchanged, and evaluates no inserted value', () => {
    const known = template(target, facts());
    fc.assert(
      fc.property(text, text, hostileText, hostileText, (subject, audience, name, vendor) => {
        const connection = { id: 'con_7h2k9', name };
        const made = template(target, facts({ subject, audience, vendor, connection }));
        const [, credential, roles] = made.resources;
        const [assignment] = roles.properties.template.resources;
        expect(literal(credential.properties.subject)).toBe(subject);
        expect(credential.properties.audiences.map(literal)).toEqual([audience]);
        for (const text of [assignment.properties.description, made.metadata.description])
          expect(literal(text).length).toBeLessThanOrEqual(1000);
        credential.properties = known.resources[1].properties;
        assignment.properties.description =
          known.resources[2].properties.template.resources[0].properties.description;
        made.metadata = known.metadata;
        expect(made).toEqual(known);
      }),
    );
  });

  test('names the credential with characters that Azure accepts, for any id', () => {
    fc.assert(
      fc.property(hostileText.map(carriable), (text) => {
        const id = `con_${text}`;
        const { variables } = template(target, facts({ connection: { id, name: 'x' } }));
        expect(variables.credentialName).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/);
      }),
    );
  });
});
