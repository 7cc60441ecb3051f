/** The plan as resources of Terraform's azurerm provider; nothing in it needs a right in the directory. */
import { type HclBlock, HclCall, HclExpression, hclDocument, reportBlocks } from '../encode/index.ts';
import type { IdentityPlan, Plan } from './plan.ts';
import { told } from './template.ts';

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
    // The subscription is that of ARM_SUBSCRIPTION_ID.
    { type: 'provider', labels: ['azurerm'], blocks: [{ type: 'features' }] },
    ...variables(plan),
    {
      type: 'data',
      labels: ['azurerm_resource_group', 'this'],
      attributes: { name: expression('var.resource_group_name') },
    },
    { type: 'data', labels: ['azurerm_subscription', 'current'] },
    ...plan.identities.flatMap((one) => resources(one, plan)),
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
      description: 'The resource group, which is there already, that the roles are given in.',
    },
  },
  ...identities.map((one) => ({
    type: 'variable',
    labels: [`identity_name${ending(one)}`],
    attributes: { type: expression('string'), default: one.name, description: told.identityName },
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

function resources(one: IdentityPlan, { tags }: Plan): HclBlock[] {
  const { facts, credential, description } = one;
  const label = `this${ending(one)}`;
  const identity = `azurerm_user_assigned_identity.${label}`;
  const group = 'data.azurerm_resource_group.this';
  return [
    {
      type: 'resource',
      labels: ['azurerm_user_assigned_identity', label],
      attributes: {
        name: expression(`var.identity_name${ending(one)}`),
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
      labels: [`${name}${ending(one)}`],
      attributes: { value: expression(`${identity}.${name}`) },
    })),
  ];
}
