/** The plan as Bicep, for a resource group. */
import { BicepExpression, type BicepStatement, bicepDocument } from '../encode/index.ts';
import type { IdentityPlan, Plan } from './plan.ts';
import {
  assignmentVersion,
  descriptionOf,
  descriptions,
  identityType,
  identityVersion,
  roleParameters,
} from './template.ts';

const expression = (source: string) => new BicepExpression(source);

export const bicep = (plan: Plan): string =>
  bicepDocument([
    { head: 'metadata description', value: descriptionOf(plan) },
    ...parameters(plan),
    ...plan.identities.flatMap((identity) => statements(identity, plan)),
  ]);

const parameters = (plan: Plan): BicepStatement[] => [
  ...plan.identities.map(({ suffix, name }) => ({
    head: `param identityName${suffix} string`,
    value: name,
    decorators: { description: descriptions.identityName, minLength: 3, maxLength: 128 },
  })),
  {
    head: 'param location string',
    value: expression('resourceGroup().location'),
    decorators: { description: descriptions.location },
  },
  ...roleParameters(plan).map(({ name, role }) => ({
    head: `param ${name} string`,
    value: role,
    decorators: { description: descriptions.role, minLength: 36, maxLength: 36 },
  })),
  flag('createCredential'),
  flag('assignRoles'),
  {
    head: 'param assignmentSeed string',
    value: '',
    decorators: { description: descriptions.assignmentSeed },
  },
];

const flag = (name: 'createCredential' | 'assignRoles'): BicepStatement => ({
  head: `param ${name} bool`,
  value: expression('true'),
  decorators: { description: descriptions[name] },
});

function statements({ suffix, facts, credential, description }: IdentityPlan, plan: Plan): BicepStatement[] {
  const identity = `identity${suffix}`;
  return [
    {
      head: `resource ${identity} '${identityType}@${identityVersion}'`,
      value: {
        name: expression(`identityName${suffix}`),
        location: expression('location'),
        ...(Object.keys(plan.tags).length > 0 ? { tags: plan.tags } : {}),
      },
    },
    {
      head: `resource credential${suffix} '${identityType}/federatedIdentityCredentials@${identityVersion}'`,
      condition: 'createCredential',
      value: {
        parent: expression(identity),
        name: credential,
        properties: { issuer: facts.issuer, subject: facts.subject, audiences: [facts.audience] },
      },
    },
    ...roleParameters(plan).map(({ name }, index) => ({
      head: `resource assignment${suffix}_${index + 1} 'Microsoft.Authorization/roleAssignments@${assignmentVersion}'`,
      condition: 'assignRoles',
      value: {
        name: expression(`guid(resourceGroup().id, ${identity}.id, ${name}, assignmentSeed)`),
        properties: {
          roleDefinitionId: expression(
            `subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ${name})`,
          ),
          principalId: expression(`${identity}.properties.principalId`),
          principalType: 'ServicePrincipal',
          description,
        },
      },
    })),
    ...['clientId', 'tenantId', 'principalId'].map((name) => ({
      head: `output ${name}${suffix} string`,
      value: expression(`${identity}.properties.${name}`),
    })),
  ];
}
