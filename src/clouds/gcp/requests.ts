/**
 * The set-up of a project as calls of the IAM API v1. This list is the only definition; the gcloud script and the Terraform
 * file are generated from it.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract/index.ts';
import { caption, celString } from '../encode/index.ts';
import { uploadedJwks } from './jwks.ts';
import { memberName, pathSegment, poolName, providerName } from './names.ts';
import type { GcpPermissionSet, GcpSetupOptions } from './options.ts';
import { apiOf, type GcpTarget } from './target.ts';

interface Call<Method extends string> {
  readonly method: Method;
  readonly url: string;
}

/**
 * In place of a creation if `read` finds the resource: `undelete` where its state is DELETED, then `update` with the body of the
 * creation. A provider for another issuer or with another condition is someone else's, and a disabled one stays disabled.
 */
interface Existing {
  readonly read: Call<'GET'>;
  readonly undelete: Call<'POST'>;
  readonly update?: Call<'PATCH'> & { readonly query: { readonly updateMask: string } };
}

/** Its response is an operation: GET `v1/{operation.name}` until `done` before the next call. */
export interface CreatePool {
  readonly kind: 'create_pool';
  readonly title: string;
  /** The full name of the created resource. */
  readonly resource: string;
  readonly method: 'POST';
  readonly url: string;
  readonly query: { readonly workloadIdentityPoolId: string };
  readonly existing: Existing;
  readonly body: { readonly displayName: string; readonly description: string };
}

/** Its response is an operation, too. */
export interface CreateProvider {
  readonly kind: 'create_provider';
  readonly title: string;
  readonly resource: string;
  readonly method: 'POST';
  readonly url: string;
  readonly query: { readonly workloadIdentityPoolProviderId: string };
  readonly existing: Existing;
  readonly body: {
    readonly displayName: string;
    readonly description: string;
    readonly attributeMapping: Readonly<Record<string, string>>;
    readonly attributeCondition: string;
    readonly oidc: {
      readonly issuerUri: string;
      readonly allowedAudiences: readonly string[];
      readonly jwksJson?: string;
    };
  };
}

/**
 * setIamPolicy replaces the whole policy, so this is three steps: send `read`, add `binding` to the policy that comes
 * back (its etag kept), send `{"policy": …}` to `method` and `url`.
 */
export interface AddBinding {
  readonly kind: 'add_binding';
  readonly title: string;
  readonly resource: string;
  readonly read: {
    readonly method: 'POST';
    readonly url: string;
    readonly query: Readonly<Record<string, string>>;
  };
  readonly binding: { readonly role: string; readonly members: readonly [string] };
  readonly method: 'POST';
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
}

/** The same three steps for the policy of the project. */
export interface GrantRole extends Omit<AddBinding, 'kind' | 'read'> {
  readonly kind: 'grant_role';
  readonly read: AddBinding['read'] & {
    readonly body: { readonly options: { readonly requestedPolicyVersion: 3 } };
  };
}

export type SetupRequest = CreatePool | CreateProvider | AddBinding | GrantRole;

/**
 * The requests for the connection and the additional ones; a shared pool is created once.
 * @throws {SojournError} `invalid_request` if two connections share a provider, whose condition admits one subject
 */
export function setupRequests(target: GcpTarget, facts: SetupFacts): readonly SetupRequest[] {
  const connections = [{ target, facts }, ...(facts.additional ?? [])] as readonly {
    target: GcpTarget;
    facts: SetupFacts;
  }[];
  const { existing_pool = false } = (facts.options ?? {}) as GcpSetupOptions;
  const roles = rolesOf(facts);
  if (new Set(connections.map((connection) => providerName(connection.target))).size < connections.length)
    throw invalidRequest([
      { path: 'additional_connections', message: 'must name connections that each have their own provider' },
    ]);
  return connections.flatMap(({ target, facts }, index) => {
    const isShared = connections
      .slice(0, index)
      .some((earlier) => poolName(earlier.target) === poolName(target));
    const { service_account } = target;
    return [
      ...(isShared || existing_pool ? [] : [createPool(target, facts)]),
      createProvider(target, facts),
      ...(service_account ? [addBinding(target, facts, service_account)] : []),
      ...roles.map((role) => grantRole(target, facts, role)),
    ];
  });
}

function rolesOf({ options, permissions }: SetupFacts): readonly string[] {
  const sets = Object.values((permissions ?? {}) as Readonly<Record<string, GcpPermissionSet>>);
  const { roles = [] } = (options ?? {}) as GcpSetupOptions;
  return [...new Set([...sets.flatMap((set) => set.roles), ...roles])];
}

function grantRole(target: GcpTarget, facts: SetupFacts, role: string): GrantRole {
  const resource = `projects/${target.project_number}`;
  const url = `${apiOf('cloudresourcemanager', target)}/v3/${resource}`;
  const { service_account } = target;
  const member = service_account ? `serviceAccount:${service_account}` : memberName(target, facts.subject);
  return {
    kind: 'grant_role',
    title: `Grant ${role} in the project`,
    resource,
    read: {
      method: 'POST',
      url: `${url}:getIamPolicy`,
      query: {},
      body: { options: { requestedPolicyVersion: 3 } },
    },
    binding: { role, members: [member] },
    method: 'POST',
    url: `${url}:setIamPolicy`,
    query: {},
  };
}

function createPool(target: GcpTarget, { vendor }: SetupFacts): CreatePool {
  const resource = poolName(target);
  return {
    kind: 'create_pool',
    title: 'Create the workload identity pool, unless it exists',
    resource,
    method: 'POST',
    url: `${apiOf('iam', target)}/v1/${parent(resource)}`,
    query: { workloadIdentityPoolId: target.pool_id },
    existing: existing(target, resource),
    body: {
      displayName: caption(vendor, 32),
      description: caption(`Workloads of ${vendor}`, 256),
    },
  };
}

function createProvider(target: GcpTarget, facts: SetupFacts): CreateProvider {
  const resource = providerName(target);
  const found = existing(target, resource);
  const updateMask = 'displayName,description,attributeMapping,attributeCondition,oidc';
  return {
    kind: 'create_provider',
    title: 'Trust the issuer, for one audience and one subject',
    resource,
    method: 'POST',
    url: `${apiOf('iam', target)}/v1/${parent(resource)}`,
    query: { workloadIdentityPoolProviderId: target.provider_id },
    existing: { ...found, update: { method: 'PATCH', url: found.read.url, query: { updateMask } } },
    body: {
      displayName: caption(facts.connection.name, 32),
      description: caption(`Connection ${facts.connection.id} of ${facts.vendor}`, 256),
      attributeMapping: { 'google.subject': 'assertion.sub' },
      attributeCondition: `assertion.sub==${celString(facts.subject)}`,
      // A list replaces Google's default audiences, so only this audience is accepted.
      oidc: {
        issuerUri: facts.issuer,
        allowedAudiences: [facts.audience],
        ...(target.uploaded_jwks ? { jwksJson: uploadedJwks(facts) } : {}),
      },
    },
  };
}

function addBinding(target: GcpTarget, facts: SetupFacts, serviceAccount: string): AddBinding {
  const resource = `projects/-/serviceAccounts/${serviceAccount}`;
  const url = `${apiOf('iam', target)}/v1/projects/-/serviceAccounts/${pathSegment(serviceAccount)}`;
  return {
    kind: 'add_binding',
    title: 'Allow only this subject to impersonate the service account',
    resource,
    // Without version 3, Google omits the conditions of a policy, and writing it back would remove them.
    read: { method: 'POST', url: `${url}:getIamPolicy`, query: { 'options.requestedPolicyVersion': '3' } },
    binding: { role: 'roles/iam.workloadIdentityUser', members: [memberName(target, facts.subject)] },
    method: 'POST',
    url: `${url}:setIamPolicy`,
    query: {},
  };
}

function existing(target: GcpTarget, resource: string): Existing {
  const url = `${apiOf('iam', target)}/v1/${pathOf(resource)}`;
  return { read: { method: 'GET', url }, undelete: { method: 'POST', url: `${url}:undelete` } };
}

const pathOf = (resource: string): string => resource.split('/').map(pathSegment).join('/');

/** The collection of a resource: its name without the last segment. */
const parent = (resource: string): string => pathOf(resource.slice(0, resource.lastIndexOf('/')));
