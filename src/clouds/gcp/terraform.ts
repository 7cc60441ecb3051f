/** The requests as resources of Terraform's google provider. */
import { type HclBlock, HclExpression, hclDocument } from '../encode/index.ts';
import type { AddBinding, CreatePool, CreateProvider, SetupRequest } from './requests.ts';

const pool = 'google_iam_workload_identity_pool';

/** @param member the principal that may be granted roles directly */
export function terraform(requests: readonly SetupRequest[], member: string): string {
  return hclDocument([
    {
      type: 'terraform',
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
        default: true,
        description:
          'Choose false when the project has the pool already. A subject belongs to the pool: whoever else the pool trusts could claim it.',
      },
    },
    ...requests.map(resource),
    {
      type: 'output',
      labels: ['principal'],
      attributes: { description: 'May be granted roles directly.', value: member },
    },
  ]);
}

function resource(request: SetupRequest): HclBlock {
  switch (request.kind) {
    case 'create_pool':
      return poolResource(request);
    case 'create_provider':
      return providerResource(request);
    case 'add_binding':
      return memberResource(request);
  }
}

/** `projects/NUMBER/locations/global/workloadIdentityPools/POOL/…` */
function parts(resource: string): { project: string; workload_identity_pool_id: string } {
  const [, project = '', , , , workload_identity_pool_id = ''] = resource.split('/');
  return { project, workload_identity_pool_id };
}

const poolResource = ({ resource, body }: CreatePool): HclBlock => ({
  type: 'resource',
  labels: [pool, 'this'],
  attributes: {
    count: new HclExpression('var.create_pool ? 1 : 0'),
    ...parts(resource),
    display_name: body.displayName,
    description: body.description,
  },
});

const providerResource = ({ resource, query, body }: CreateProvider): HclBlock => ({
  type: 'resource',
  labels: [`${pool}_provider`, 'this'],
  attributes: {
    ...parts(resource),
    workload_identity_pool_provider_id: query.workloadIdentityPoolProviderId,
    display_name: body.displayName,
    description: body.description,
    attribute_mapping: body.attributeMapping,
    attribute_condition: body.attributeCondition,
    depends_on: [new HclExpression(`${pool}.this`)],
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

const memberResource = ({ resource, binding }: AddBinding): HclBlock => ({
  type: 'resource',
  labels: ['google_service_account_iam_member', 'this'],
  attributes: {
    service_account_id: resource,
    role: binding.role,
    member: binding.members[0],
    depends_on: [new HclExpression(`${pool}_provider.this`)],
  },
});
