/** The plan as an ARM template, for a resource group. */
import { armString, caption } from '../encode/index.ts';
import type { IdentityPlan, Plan } from './plan.ts';

export const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';
export const identityVersion = '2023-01-31';
export const assignmentVersion = '2022-04-01';

/** The role parameters; the first one has no number. */
export const roleParameters = ({
  roles,
}: Plan): readonly { readonly name: string; readonly role: string }[] =>
  roles.map((role, index) => ({ name: `roleDefinitionId${index === 0 ? '' : index + 1}`, role }));

export function armTemplate(plan: Plan) {
  const { identities } = plan;
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    metadata: { description: armString(descriptionOf(plan)) },
    parameters: parameters(plan),
    variables: Object.fromEntries(
      identities.flatMap(({ suffix, credential }) => [
        [`identityId${suffix}`, `[resourceId('${identityType}', parameters('identityName${suffix}'))]`],
        [`credentialName${suffix}`, credential],
      ]),
    ),
    resources: identities.flatMap((identity) => resources(identity, plan)),
    outputs: Object.fromEntries(
      identities.flatMap((identity) =>
        ['clientId', 'tenantId', 'principalId'].map((name) => [
          `${name}${identity.suffix}`,
          { type: 'string', value: property(identity, name) },
        ]),
      ),
    ),
  };
}

export function descriptionOf({ identities }: Plan): string {
  const [first] = identities;
  const names = identities.map(({ facts }) => facts.connection.name).join(', ');
  return caption(
    `Lets ${caption(first?.facts.vendor ?? '', 200)} access this resource group: ${names}`,
    1000,
  );
}

const property = ({ suffix }: IdentityPlan, name: string) =>
  `[reference(variables('identityId${suffix}'), '${identityVersion}').${name}]`;

function resources(identity: IdentityPlan, plan: Plan) {
  const { suffix, facts, description } = identity;
  const dependsOn = [`[variables('identityId${suffix}')]`];
  return [
    {
      type: identityType,
      apiVersion: identityVersion,
      name: `[parameters('identityName${suffix}')]`,
      location: "[parameters('location')]",
      ...tagsOf(plan),
    },
    {
      type: `${identityType}/federatedIdentityCredentials`,
      apiVersion: identityVersion,
      name: `[format('{0}/{1}', parameters('identityName${suffix}'), variables('credentialName${suffix}'))]`,
      dependsOn,
      properties: {
        issuer: armString(facts.issuer),
        subject: armString(facts.subject),
        audiences: [armString(facts.audience)],
      },
    },
    ...roleParameters(plan).map(({ name }) => ({
      type: 'Microsoft.Authorization/roleAssignments',
      apiVersion: assignmentVersion,
      name: `[guid(resourceGroup().id, variables('identityId${suffix}'), parameters('${name}'))]`,
      dependsOn,
      properties: {
        roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', parameters('${name}'))]`,
        principalId: property(identity, 'principalId'),
        // Required because the new identity may not have reached the directory when Azure checks it.
        principalType: 'ServicePrincipal',
        description: armString(description),
      },
    })),
  ];
}

function tagsOf({ tags }: Plan) {
  const list = Object.entries(tags).map(([name, value]) => [name, armString(value)] as const);
  return list.length > 0 ? { tags: Object.fromEntries(list) } : {};
}

export const descriptions = {
  identityName: 'Name of the user-assigned identity to create.',
  location: 'Region of the identity. Malaysia South and New Zealand North have no federated credentials.',
  role: 'GUID of the role that the identity gets, in this resource group only. Default: Reader.',
};

const parameters = (plan: Plan) => ({
  ...Object.fromEntries(
    plan.identities.map(({ suffix, name }) => [
      `identityName${suffix}`,
      {
        type: 'string',
        defaultValue: name,
        minLength: 3,
        maxLength: 128,
        metadata: { description: descriptions.identityName },
      },
    ]),
  ),
  location: {
    type: 'string',
    defaultValue: '[resourceGroup().location]',
    metadata: { description: descriptions.location },
  },
  ...Object.fromEntries(
    roleParameters(plan).map(({ name, role }) => [
      name,
      {
        type: 'string',
        defaultValue: role,
        minLength: 36,
        maxLength: 36,
        metadata: { description: descriptions.role },
      },
    ]),
  ),
});
