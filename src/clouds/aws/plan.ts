/**
 * The resources that the set-up files create in an account: one OIDC provider, and a role for each connection. Every file is
 * this plan in another format.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract/index.ts';
import { caption } from '../encode/index.ts';
import { accountIn, providerOwner } from './existing-provider.ts';
import { type AwsPermissionSet, type AwsSetupOptions, maxInlineCharacters } from './options.ts';
import { partitionFor } from './partitions.ts';
import type { AwsTarget } from './target.ts';

export interface Plan {
  readonly issuer: string;
  readonly audience: string;
  readonly provider: ProviderPlan;
  readonly roles: readonly RolePlan[];
  readonly managedPolicyArns: readonly string[];
  readonly policies: readonly InlinePolicy[];
  readonly boundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** The URL to which the ARN of the first role is reported. */
  readonly callback: string | undefined;
}

export interface ProviderPlan {
  /** The default of files for one account. */
  readonly create: boolean;
  /** False if the customer says that it exists: a script then stops without it. */
  readonly mayCreate: boolean;
  /** The connection whose set-up created it. */
  readonly owner: string | undefined;
}

export interface RolePlan {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  /** Suffix of names in a file: empty for the first role, then 2, 3 … */
  readonly suffix: string;
  /** From the customer's options or the connection's target. */
  readonly name: string | undefined;
  readonly path: string;
  readonly description: string;
  /** Seconds. */
  readonly maxSession: number;
  /** Whether a template, which cannot look, creates the provider in its account by default. */
  readonly createsProvider: boolean;
  /** The connection, not set up by these files, whose set-up created the provider in the account of the role. */
  readonly providerOwner: string | undefined;
}

export interface InlinePolicy {
  readonly name: string;
  readonly document: Readonly<Record<string, unknown>>;
}

const maxManagedPolicies = 10;

export function planOf(target: AwsTarget, facts: SetupFacts): Plan {
  const options = (facts.options ?? {}) as AwsSetupOptions;
  const sets = Object.entries((facts.permissions ?? {}) as Readonly<Record<string, AwsPermissionSet>>);
  const partition = partitionFor(target);
  const arns = sets.flatMap(([, { managed_policy_arns = [] }]) => managed_policy_arns);
  const managedPolicyArns = [
    ...new Set([
      ...arns.map((arn) => arn.replace('arn:aws:', `arn:${partition}:`)),
      ...(options.managed_policy_arns ?? []),
    ]),
  ];
  const policies = sets.flatMap(([name, { policy }]) => (policy ? [{ name, document: policy }] : []));
  const connections = [{ target, facts }, ...(facts.additional ?? [])] as readonly {
    target: AwsTarget;
    facts: SetupFacts;
  }[];
  const here = new Set(connections.map(({ facts: { connection } }) => connection.id));
  const roles = connections.map((connection, index) =>
    rolePlan(connection, index === 0 ? '' : String(index + 1), options, here),
  );
  validate(roles, options, managedPolicyArns, policies);
  return {
    issuer: facts.issuer,
    audience: facts.audience,
    provider: providerPlan(roles, options),
    roles,
    managedPolicyArns,
    policies,
    boundary: options.permissions_boundary,
    tags: options.tags ?? {},
    callback: facts.callback,
  };
}

const providerPlan = (roles: readonly RolePlan[], options: AwsSetupOptions): ProviderPlan => ({
  create: roles.every(({ createsProvider }) => createsProvider),
  mayCreate: options.existing_provider !== true,
  owner: roles.find((role) => role.providerOwner !== undefined)?.providerOwner,
});

function rolePlan(
  { target, facts }: { target: AwsTarget; facts: SetupFacts },
  suffix: string,
  { role_name, max_session_seconds, existing_provider, accounts_with_provider = [] }: AwsSetupOptions,
  here: ReadonlySet<string>,
): RolePlan {
  const owner = providerOwner(
    target,
    facts.established?.filter(({ id }) => !here.has(id)),
  )?.id;
  const [, path = '/', name] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(target.role_arn ?? '') ?? [];
  return {
    target,
    facts,
    suffix,
    // A chosen name applies to the first role only.
    name: (suffix === '' ? role_name : undefined) ?? name,
    path,
    description: iamText(`Used by ${caption(facts.vendor, 200)} through connection ${facts.connection.id}.`),
    maxSession: max_session_seconds ?? Math.max(3600, target.duration_seconds),
    createsProvider:
      existing_provider === undefined
        ? owner === undefined && !accounts_with_provider.includes(accountIn(target) ?? '')
        : !existing_provider,
    providerOwner: owner,
  };
}

function validate(
  roles: readonly RolePlan[],
  { max_session_seconds }: AwsSetupOptions,
  managedPolicyArns: readonly string[],
  policies: readonly InlinePolicy[],
): void {
  const longest = Math.max(...roles.map(({ target }) => target.duration_seconds));
  const inline = policies.reduce((sum, { document }) => sum + JSON.stringify(document).length, 0);
  // Names are unique in an account, in any case and whatever the path (IAM API reference, CreateRole, RoleName).
  const names = new Set(roles.map((role) => `${accountOf(role)} ${roleNameOf(role).toLowerCase()}`));
  const faults = [
    ...(names.size < roles.length
      ? [{ path: 'additional_connections', message: 'must name connections that each have their own role' }]
      : []),
    // In a template property, `{{resolve:…}}` would be replaced by the value of a secret.
    ...(roles.some(({ path }) => path.includes('{{'))
      ? [
          {
            path: 'target.role_arn',
            message: 'must not contain {{ in its path, because CloudFormation evaluates it',
          },
        ]
      : []),
    ...(max_session_seconds !== undefined && max_session_seconds < longest
      ? [
          {
            path: 'max_session_seconds',
            message: `must be ${longest} or more, the duration_seconds of the target`,
          },
        ]
      : []),
    ...(managedPolicyArns.length > maxManagedPolicies
      ? [
          {
            path: 'permissions',
            message: `must be ${maxManagedPolicies} managed policies at most, the limit of a role`,
          },
        ]
      : []),
    ...(inline > maxInlineCharacters
      ? [
          {
            path: 'permissions',
            message: `must be ${maxInlineCharacters} characters of inline policy at most in total`,
          },
        ]
      : []),
  ];
  if (faults.length > 0) throw invalidRequest(faults);
}

/** Says in a description why the default is false. */
export const hintOf = ({ create, owner }: ProviderPlan): string =>
  create || owner === undefined
    ? ''
    : ` The set-up of connection ${owner} created it; choose true in another account.`;

/** Undefined while the role is unknown. */
export const accountOf = ({ target }: RolePlan): string | undefined => accountIn(target);

/** The name of a role in files that must name it. */
export const roleNameOf = ({ name, facts }: RolePlan): string =>
  name ?? `sojourn-${facts.connection.id}`.slice(0, 64);

/**
 * IAM accepts only Latin-1 (API reference, CreateRole, Description). CloudFormation would replace `{{resolve:…}}` by the value
 * of a secret, so the text never contains two braces in a row.
 */
export const iamText = (text: string): string =>
  caption(text, 1000)
    .replace(/[^\x20-\x7e\xa1-\xff]/gu, '?')
    .replace(/\{(?=\{)/g, '(');
