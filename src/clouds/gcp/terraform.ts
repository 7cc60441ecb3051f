/** The requests as a Terraform configuration for the google provider. */
import { type HclBlock, HclCall, HclExpression, hclDocument, reportBlocks } from '../encode/index.ts';
import type { AddBinding, CreatePool, CreateProvider, GrantRole, SetupRequest } from './requests.ts';

const pool = 'google_iam_workload_identity_pool';

export interface TerraformPlan {
  readonly requests: readonly SetupRequest[];
  readonly createsPool: boolean;
  /** The principals that may be granted roles directly. */
  readonly members: readonly string[];
  /** The report that is sent to `callback` at the end. */
  readonly report?: { readonly callback: string; readonly body: Readonly<Record<string, string>> };
}

export function terraform({ requests, createsPool, members, report }: TerraformPlan): string {
  const blocks = requests.map((_, index) => resource(requests, index));
  return hclDocument([
    {
      type: 'terraform',
      // The first version in which an import can be conditional.
      attributes: { required_version: '>= 1.7' },
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
          'Choose false if the project already has the pool. A subject is unique only in its pool: another issuer that the pool trusts could use the same subject.',
      },
    },
    {
      type: 'variable',
      labels: ['adopt'],
      attributes: {
        type: new HclExpression('set(string)'),
        default: [],
        description:
          'Full names of the pool and the providers that exist already and that no other configuration manages: projects/NUMBER/… If they were deleted in the last 30 days, first restore them with gcloud iam workload-identity-pools undelete, or providers undelete. The plan shows what would change in them.',
      },
    },
    ...requests.flatMap((request, index) => adoption(request, labelAt(requests, index))),
    ...blocks,
    ...members.map((member, index) => ({
      type: 'output',
      labels: [index === 0 ? 'principal' : `principal_${index + 1}`],
      attributes: { description: 'May be granted roles directly.', value: member },
    })),
    ...(report ? reportBlocks(report.callback, report.body, blocks.map(addressOf)) : []),
  ]);
}

/** `this` for the first request of a kind, then `this_2` … */
function labelAt(requests: readonly SetupRequest[], index: number): string {
  const earlier = requests.slice(0, index).filter(({ kind }) => kind === requests[index]?.kind).length;
  return earlier === 0 ? 'this' : `this_${earlier + 1}`;
}

const addressOf = ({ labels = [] }: HclBlock) => new HclExpression(labels.join('.'));

function resource(requests: readonly SetupRequest[], index: number): HclBlock {
  const request = requests[index] as SetupRequest;
  const label = labelAt(requests, index);
  const earlier = requests.slice(0, index);
  // A provider depends on its pool; all other requests depend on the provider of their connection.
  const dependency =
    request.kind === 'create_provider'
      ? earlier.findIndex(
          (other) => other.kind === 'create_pool' && request.resource.startsWith(`${other.resource}/`),
        )
      : earlier.findLastIndex(({ kind }) => kind === 'create_provider');
  const after = `${request.kind === 'create_provider' ? pool : `${pool}_provider`}.${labelAt(requests, dependency)}`;
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

const adoption = ({ kind, resource }: SetupRequest, label: string): readonly HclBlock[] => {
  if (kind !== 'create_pool' && kind !== 'create_provider') return [];
  const to = kind === 'create_pool' ? `${pool}.${label}[0]` : `${pool}_provider.${label}`;
  return [
    {
      type: 'import',
      attributes: {
        for_each: new HclCall('setintersection', new HclExpression('var.adopt'), [resource]),
        to: new HclExpression(to),
        id: new HclExpression('each.value'),
      },
    },
  ];
};

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
  // Other connections may have providers in it: `terraform state rm` hands it over before a destroy.
  blocks: [{ type: 'lifecycle', attributes: { prevent_destroy: true } }],
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
