/** The plan as an ARM template, for a resource group. */
import { armString, caption } from '../encode/index.ts';
import type { IdentityPlan, Plan } from './plan.ts';

export const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';
export const identityVersion = '2023-01-31';
export const assignmentVersion = '2022-04-01';

const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/** The role parameters; the first one has no number. */
export const roleParameters = ({
  roles,
}: Plan): readonly { readonly name: string; readonly role: string }[] =>
  roles.map((role, index) => ({ name: `roleDefinitionId${index === 0 ? '' : index + 1}`, role }));

export function armTemplate(plan: Plan) {
  const { identities } = plan;
  return {
    $schema: schema,
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
  const { suffix, facts } = identity;
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
      condition: "[parameters('createCredential')]",
      dependsOn,
      properties: {
        issuer: armString(facts.issuer),
        subject: armString(facts.subject),
        audiences: [armString(facts.audience)],
      },
    },
    {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: `[format('sojourn-{0}', guid(variables('identityId${suffix}')))]`,
      condition: "[parameters('assignRoles')]",
      dependsOn,
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        parameters: {
          principalId: { value: property(identity, 'principalId') },
          ...Object.fromEntries(
            roleParameters(plan).map(({ name }) => [name, { value: `[parameters('${name}')]` }]),
          ),
        },
        template: assignments(identity, plan),
      },
    },
  ];
}

/**
 * A nested template, because only there a name can be computed from the principal. Azure keeps the assignments of a deleted
 * identity and refuses to change them, so an identity of the same name needs other ones.
 */
const assignments = ({ description }: IdentityPlan, plan: Plan) => ({
  $schema: schema,
  contentVersion: '1.0.0.0',
  parameters: {
    principalId: { type: 'string' },
    ...Object.fromEntries(roleParameters(plan).map(({ name }) => [name, { type: 'string' }])),
  },
  resources: roleParameters(plan).map(({ name }) => ({
    type: 'Microsoft.Authorization/roleAssignments',
    apiVersion: assignmentVersion,
    name: `[guid(resourceGroup().id, parameters('principalId'), parameters('${name}'))]`,
    properties: {
      roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', parameters('${name}'))]`,
      principalId: "[parameters('principalId')]",
      // Required because the new identity may not have reached the directory when Azure checks it.
      principalType: 'ServicePrincipal',
      description: armString(description),
    },
  })),
});

function tagsOf({ tags }: Plan) {
  const list = Object.entries(tags).map(([name, value]) => [name, armString(value)] as const);
  return list.length > 0 ? { tags: Object.fromEntries(list) } : {};
}

export const descriptions = {
  identityName: 'Name of the user-assigned identity to create.',
  location: 'Region of the identity. Malaysia South and New Zealand North have no federated credentials.',
  role: 'GUID of the role that the identity gets, in this resource group only. Default: Reader.',
  createCredential:
    'Choose false if the identity has a federated credential for this issuer and subject already: Azure refuses a second one under another name (Conflict).',
  assignRoles:
    'Choose false if the identity has the roles in this resource group already: Azure refuses a second assignment (RoleAssignmentExists).',
  assignmentSeed:
    'Choose any new text if you deleted the identity before: Azure keeps its role assignments and refuses to change them (RoleAssignmentUpdateNotPermitted).',
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
  createCredential: flag(descriptions.createCredential),
  assignRoles: flag(descriptions.assignRoles),
});

const flag = (description: string) => ({ type: 'bool', defaultValue: true, metadata: { description } });
