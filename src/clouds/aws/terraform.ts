/** The plan as a Terraform configuration for the aws provider. */
import { type HclBlock, HclCall, HclExpression, hclDocument, reportBlocks } from '../encode/index.ts';
import { hintOf, type Plan, type RolePlan, roleNameOf } from './plan.ts';
import { providerName, trustPolicy } from './trust.ts';

const expression = (source: string) => new HclExpression(source);

export function terraform(plan: Plan): string {
  const { callback } = plan;
  return hclDocument([
    {
      type: 'terraform',
      attributes: { required_version: '>= 1.4' },
      blocks: [
        {
          type: 'required_providers',
          // The first version that determines the thumbprint itself.
          attributes: { aws: { source: 'hashicorp/aws', version: '>= 5.81' } },
        },
      ],
    },
    ...variables(plan),
    { type: 'data', labels: ['aws_caller_identity', 'current'] },
    { type: 'data', labels: ['aws_partition', 'current'] },
    provider(plan),
    {
      type: 'locals',
      attributes: {
        provider_arn: new HclCall(
          'coalesce',
          expression('one(aws_iam_openid_connect_provider.this[*].arn)'),
          new HclCall('join', '', [
            'arn:',
            expression('data.aws_partition.current.partition'),
            ':iam::',
            expression('data.aws_caller_identity.current.account_id'),
            `:oidc-provider/${providerName(plan.issuer)}`,
          ]),
        ),
      },
    },
    ...plan.roles.flatMap((role) => roleBlocks(role, plan)),
    ...(callback ? reportBlocks(callback, { role_arn: expression('aws_iam_role.this.arn') }) : []),
  ]);
}

const labelOf = ({ suffix }: RolePlan): string => `this${suffix && `_${suffix}`}`;
const nameVariable = ({ suffix }: RolePlan): string => `role_name${suffix && `_${suffix}`}`;

const variables = (plan: Plan): HclBlock[] => [
  variable('create_provider', 'bool', plan.provider.create, {
    description: `An account has one OIDC provider per issuer. Choose false if it exists already.${hintOf(plan.provider)}`,
  }),
  ...plan.roles.map((role) =>
    variable(nameVariable(role), 'string', roleNameOf(role), {
      description: `Name of the role of connection ${role.facts.connection.id}.`,
    }),
  ),
  variable('managed_policy_arns', 'list(string)', plan.managedPolicyArns, {
    description: 'What the role may do: ARNs of managed policies.',
  }),
  variable('permissions_boundary', 'string', plan.boundary ?? expression('null'), {
    description: 'ARN of a policy that limits what the role may do.',
  }),
  variable('max_session_duration', 'number', Math.max(...plan.roles.map(({ maxSession }) => maxSession)), {
    description: 'The maximum session duration in seconds; at least duration_seconds of the connection.',
  }),
];

const variable = (
  name: string,
  type: string,
  initial: string | number | boolean | readonly string[] | HclExpression,
  { description }: { description: string },
): HclBlock => ({
  type: 'variable',
  labels: [name],
  attributes: { type: expression(type), default: initial, description },
});

const tagsOf = ({ tags }: Plan) => (Object.keys(tags).length > 0 ? { tags } : {});

const provider = (plan: Plan): HclBlock => ({
  type: 'resource',
  labels: ['aws_iam_openid_connect_provider', 'this'],
  attributes: {
    count: expression('var.create_provider ? 1 : 0'),
    url: plan.issuer,
    client_id_list: [plan.audience],
    ...tagsOf(plan),
  },
  // Other connections may trust through it: `terraform state rm` hands it over before a destroy.
  blocks: [{ type: 'lifecycle', attributes: { prevent_destroy: true } }],
});

function roleBlocks(role: RolePlan, plan: Plan): HclBlock[] {
  const label = labelOf(role);
  return [
    {
      type: 'resource',
      labels: ['aws_iam_role', label],
      attributes: {
        name: expression(`var.${nameVariable(role)}`),
        path: role.path,
        description: role.description,
        max_session_duration: expression('var.max_session_duration'),
        permissions_boundary: expression('var.permissions_boundary'),
        assume_role_policy: new HclCall(
          'jsonencode',
          trustPolicy(role.target, role.facts, expression('local.provider_arn')),
        ),
        ...tagsOf(plan),
      },
    },
    {
      type: 'resource',
      labels: ['aws_iam_role_policy_attachment', label],
      attributes: {
        for_each: expression('toset(var.managed_policy_arns)'),
        role: expression(`aws_iam_role.${label}.name`),
        policy_arn: expression('each.value'),
      },
    },
    ...plan.policies.map(
      ({ name, document }, index): HclBlock => ({
        type: 'resource',
        labels: ['aws_iam_role_policy', `${label}_${index + 1}`],
        attributes: {
          name,
          role: expression(`aws_iam_role.${label}.id`),
          policy: JSON.stringify(document),
        },
      }),
    ),
    {
      type: 'output',
      labels: [`role_arn${role.suffix && `_${role.suffix}`}`],
      attributes: {
        description: `Save this as role_arn of connection ${role.facts.connection.id}.`,
        value: expression(`aws_iam_role.${label}.arn`),
      },
    },
  ];
}
