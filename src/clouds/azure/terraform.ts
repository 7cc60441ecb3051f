/** The plan as a Terraform configuration for the azurerm provider. It needs no permission in the directory. */
import { type HclBlock, HclCall, HclExpression, hclDocument, reportBlocks } from '../encode/index.ts';
import type { IdentityPlan, Plan } from './plan.ts';
import { descriptions } from './template.ts';

const expression = (source: string) => new HclExpression(source);

export function terraform(plan: Plan): string {
  const { callback } = plan;
  const identity = 'azurerm_user_assigned_identity.this';
  return hclDocument([
    {
      type: 'terraform',
      attributes: { required_version: '>= 1.4' },
      blocks: [
        {
          type: 'required_providers',
          attributes: { azurerm: { source: 'hashicorp/azurerm', version: '>= 3.44, < 5.0' } },
        },
      ],
    },
    // ARM_SUBSCRIPTION_ID selects the subscription.
    { type: 'provider', labels: ['azurerm'], blocks: [{ type: 'features' }] },
    ...variables(plan),
    {
      type: 'data',
      labels: ['azurerm_resource_group', 'this'],
      attributes: { name: expression('var.resource_group_name') },
    },
    { type: 'data', labels: ['azurerm_subscription', 'current'] },
    ...plan.identities.flatMap((identity) => resources(identity, plan)),
    ...(callback
      ? reportBlocks(callback, {
          tenant_id: expression(`${identity}.tenant_id`),
          client_id: expression(`${identity}.client_id`),
        })
      : []),
  ]);
}

const ending = ({ suffix }: IdentityPlan): string => suffix && `_${suffix}`;

const variables = ({ identities, roles }: Plan): HclBlock[] => [
  {
    type: 'variable',
    labels: ['resource_group_name'],
    attributes: {
      type: expression('string'),
      description: 'The existing resource group in which the roles are assigned.',
    },
  },
  ...identities.map((identity) => ({
    type: 'variable',
    labels: [`identity_name${ending(identity)}`],
    attributes: {
      type: expression('string'),
      default: identity.name,
      description: descriptions.identityName,
    },
  })),
  {
    type: 'variable',
    labels: ['role_definition_ids'],
    attributes: {
      type: expression('list(string)'),
      default: roles,
      description: 'GUIDs of the roles that the identity gets, in this resource group only.',
    },
  },
];

function resources(identityPlan: IdentityPlan, { tags }: Plan): HclBlock[] {
  const { facts, credential, description } = identityPlan;
  const label = `this${ending(identityPlan)}`;
  const identity = `azurerm_user_assigned_identity.${label}`;
  const group = 'data.azurerm_resource_group.this';
  return [
    {
      type: 'resource',
      labels: ['azurerm_user_assigned_identity', label],
      attributes: {
        name: expression(`var.identity_name${ending(identityPlan)}`),
        resource_group_name: expression(`${group}.name`),
        location: expression(`${group}.location`),
        ...(Object.keys(tags).length > 0 ? { tags } : {}),
      },
    },
    {
      type: 'resource',
      labels: ['azurerm_federated_identity_credential', label],
      attributes: {
        name: credential,
        resource_group_name: expression(`${group}.name`),
        parent_id: expression(`${identity}.id`),
        issuer: facts.issuer,
        subject: facts.subject,
        audience: [facts.audience],
      },
    },
    {
      type: 'resource',
      labels: ['azurerm_role_assignment', label],
      attributes: {
        for_each: expression('toset(var.role_definition_ids)'),
        scope: expression(`${group}.id`),
        role_definition_id: new HclCall('join', '', [
          expression('data.azurerm_subscription.current.id'),
          '/providers/Microsoft.Authorization/roleDefinitions/',
          expression('each.value'),
        ]),
        principal_id: expression(`${identity}.principal_id`),
        principal_type: 'ServicePrincipal',
        description,
      },
    },
    ...['client_id', 'tenant_id', 'principal_id'].map((name) => ({
      type: 'output',
      labels: [`${name}${ending(identityPlan)}`],
      attributes: { value: expression(`${identity}.${name}`) },
    })),
  ];
}
