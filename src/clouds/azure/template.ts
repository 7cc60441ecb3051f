/**
 * The ARM template, for a resource group: a user-assigned identity of the customer, the federated credential that lets
 * this issuer in as it, and one role for it. Needs no right in the directory, and gives every connection its own subject.
 */
import type { SetupFacts } from '../contract.ts';
import { armString, caption } from '../encode/index.ts';

const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';
export const identityVersion = '2023-01-31';
/** Built-in role Reader (learn.microsoft.com/azure/role-based-access-control/built-in-roles). */
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** What the federated credential of a connection is called. */
export const credentialName = (connection: string): string => resourceName(connection, 120);

const identityProperty = (name: string) =>
  `[reference(variables('identityId'), '${identityVersion}').${name}]`;

export function armTemplate({ issuer, subject, audience, connection, vendor }: SetupFacts) {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    metadata: {
      description: armString(
        caption(`Lets ${caption(vendor, 200)} enter this resource group: ${connection.name}`, 1000),
      ),
    },
    parameters: parameters(connection.id),
    variables: {
      identityId: `[resourceId('${identityType}', parameters('identityName'))]`,
      credentialName: credentialName(connection.id),
    },
    resources: [
      {
        type: identityType,
        apiVersion: identityVersion,
        name: "[parameters('identityName')]",
        location: "[parameters('location')]",
      },
      {
        type: `${identityType}/federatedIdentityCredentials`,
        apiVersion: identityVersion,
        name: "[format('{0}/{1}', parameters('identityName'), variables('credentialName'))]",
        dependsOn: ["[variables('identityId')]"],
        properties: {
          issuer: armString(issuer),
          subject: armString(subject),
          audiences: [armString(audience)],
        },
      },
      {
        type: 'Microsoft.Authorization/roleAssignments',
        apiVersion: '2022-04-01',
        name: "[guid(resourceGroup().id, variables('identityId'), parameters('roleDefinitionId'))]",
        dependsOn: ["[variables('identityId')]"],
        properties: {
          roleDefinitionId:
            "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', parameters('roleDefinitionId'))]",
          principalId: identityProperty('principalId'),
          // Told, because the directory may not have heard of the new identity yet when this is checked.
          principalType: 'ServicePrincipal',
          description: armString(caption(`Used by ${caption(vendor, 200)} through ${connection.id}.`, 1000)),
        },
      },
    ],
    outputs: {
      clientId: { type: 'string', value: identityProperty('clientId') },
      tenantId: { type: 'string', value: identityProperty('tenantId') },
      principalId: { type: 'string', value: identityProperty('principalId') },
    },
  };
}

const parameters = (connection: string) => ({
  identityName: {
    type: 'string',
    defaultValue: resourceName(`sojourn-${connection}`, 128),
    minLength: 3,
    maxLength: 128,
    metadata: { description: 'Name of the user-assigned identity to create.' },
  },
  location: {
    type: 'string',
    defaultValue: '[resourceGroup().location]',
    metadata: {
      description:
        'Region of the identity. Malaysia South and New Zealand North have no federated credentials.',
    },
  },
  roleDefinitionId: {
    type: 'string',
    defaultValue: reader,
    minLength: 36,
    maxLength: 36,
    metadata: {
      description:
        'GUID of the role that the identity gets, in this resource group only. Reader unless you choose.',
    },
  },
});

/** Letters, digits, hyphens and underscores, the first one a letter or digit. */
const resourceName = (text: string, limit: number): string =>
  text
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^[_-]+/, '')
    .slice(0, limit);
