/** The requests as resources of Terraform's google provider. */
import { type HclBlock, HclExpression, hclDocument, reportBlocks } from '../encode/index.ts';
import type { AddBinding, CreatePool, CreateProvider, GrantRole, SetupRequest } from './requests.ts';

const pool = 'google_iam_workload_identity_pool';

export interface TerraformPlan {
  readonly requests: readonly SetupRequest[];
  readonly createsPool: boolean;
  /** The principals that may be granted roles directly. */
  readonly members: readonly string[];
  /** What is told to `callback` in the end, if anything. */
  readonly report?: { readonly callback: string; readonly body: Readonly<Record<string, string>> };
}

export function terraform({ requests, createsPool, members, report }: TerraformPlan): string {
  const blocks = requests.map((_, at) => resource(requests, at));
  return hclDocument([
    {
      type: 'terraform',
      ...(report ? { attributes: { required_version: '>= 1.4' } } : {}),
      blocks: [
        {
          type: 'required_providers',
          attributes: { google: { source: 'hashicorp/google', version: '>= 5.0' } },
        },
      ],
    },
    {
      type: 'variable',
      labels: ['create_pool'],
      attributes: {
        type: new HclExpression('bool'),
        default: createsPool,
        description:
          'Choose false when the project has the pool already. A subject belongs to the pool: whoever else the pool trusts could claim it.',
      },
    },
    ...blocks,
    ...members.map((member, at) => ({
      type: 'output',
      labels: [at === 0 ? 'principal' : `principal_${at + 1}`],
      attributes: { description: 'May be granted roles directly.', value: member },
    })),
    ...(report ? reportBlocks(report.callback, report.body, blocks.map(addressOf)) : []),
  ]);
}

/** `this` for the first of its kind, then `this_2` … */
function labelAt(requests: readonly SetupRequest[], at: number): string {
  const before = requests.slice(0, at).filter(({ kind }) => kind === requests[at]?.kind).length;
  return before === 0 ? 'this' : `this_${before + 1}`;
}

const addressOf = ({ labels = [] }: HclBlock) => new HclExpression(labels.join('.'));

function resource(requests: readonly SetupRequest[], at: number): HclBlock {
  const request = requests[at] as SetupRequest;
  const label = labelAt(requests, at);
  const before = requests.slice(0, at);
  // What a provider needs is its pool; the rest comes behind the provider of its connection.
  const needed =
    request.kind === 'create_provider'
      ? before.findIndex(
          (one) => one.kind === 'create_pool' && request.resource.startsWith(`${one.resource}/`),
        )
      : before.findLastIndex(({ kind }) => kind === 'create_provider');
  const after = `${request.kind === 'create_provider' ? pool : `${pool}_provider`}.${labelAt(requests, needed)}`;
  switch (request.kind) {
    case 'create_pool':
      return poolResource(request, label);
    case 'create_provider':
      return providerResource(request, label, after);
    case 'add_binding':
      return memberResource(request, label, after);
    case 'grant_role':
      return grantResource(request, label, after);
  }
}

/** `projects/NUMBER/locations/global/workloadIdentityPools/POOL/…` */
function parts(resource: string): { project: string; workload_identity_pool_id: string } {
  const [, project = '', , , , workload_identity_pool_id = ''] = resource.split('/');
  return { project, workload_identity_pool_id };
}

const poolResource = ({ resource, body }: CreatePool, label: string): HclBlock => ({
  type: 'resource',
  labels: [pool, label],
  attributes: {
    count: new HclExpression('var.create_pool ? 1 : 0'),
    ...parts(resource),
    display_name: body.displayName,
    description: body.description,
  },
});

const providerResource = (
  { resource, query, body }: CreateProvider,
  label: string,
  after: string,
): HclBlock => ({
  type: 'resource',
  labels: [`${pool}_provider`, label],
  attributes: {
    ...parts(resource),
    workload_identity_pool_provider_id: query.workloadIdentityPoolProviderId,
    display_name: body.displayName,
    description: body.description,
    attribute_mapping: body.attributeMapping,
    attribute_condition: body.attributeCondition,
    depends_on: [new HclExpression(after)],
  },
  blocks: [
    {
      type: 'oidc',
      attributes: {
        issuer_uri: body.oidc.issuerUri,
        allowed_audiences: body.oidc.allowedAudiences,
        ...(body.oidc.jwksJson === undefined ? {} : { jwks_json: body.oidc.jwksJson }),
      },
    },
  ],
});

const memberResource = ({ resource, binding }: AddBinding, label: string, after: string): HclBlock => ({
  type: 'resource',
  labels: ['google_service_account_iam_member', label],
  attributes: {
    service_account_id: resource,
    role: binding.role,
    member: binding.members[0],
    depends_on: [new HclExpression(after)],
  },
});

const grantResource = ({ resource, binding }: GrantRole, label: string, after: string): HclBlock => ({
  type: 'resource',
  labels: ['google_project_iam_member', label],
  attributes: {
    project: resource.slice('projects/'.length),
    role: binding.role,
    member: binding.members[0],
    depends_on: [new HclExpression(after)],
  },
});
