/**
 * What the files make in an account: one OIDC provider, and a role for each connection. Every file is one spelling of
 * this plan.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract.ts';
import { caption } from '../encode/index.ts';
import { type AwsPermissionSet, type AwsSetupOptions, maxInlineCharacters } from './options.ts';
import { partitionFor } from './partitions.ts';
import type { AwsTarget } from './target.ts';

export interface Plan {
  readonly issuer: string;
  readonly audience: string;
  readonly createsProvider: boolean;
  readonly roles: readonly RolePlan[];
  readonly managedPolicyArns: readonly string[];
  readonly policies: readonly InlinePolicy[];
  readonly boundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Where the ARN of the first role is reported to. */
  readonly callback: string | undefined;
}

export interface RolePlan {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  /** Behind names in a file: empty for the first role, then 2, 3 … */
  readonly suffix: string;
  /** As the customer or the connection's target has it. */
  readonly name: string | undefined;
  readonly path: string;
  readonly description: string;
  /** Seconds. */
  readonly maxSession: number;
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
  const all = [{ target, facts }, ...(facts.additional ?? [])] as readonly {
    target: AwsTarget;
    facts: SetupFacts;
  }[];
  const roles = all.map((one, at) => rolePlan(one, at === 0 ? '' : String(at + 1), options));
  refuse(roles, options, managedPolicyArns, policies);
  return {
    issuer: facts.issuer,
    audience: facts.audience,
    createsProvider: options.existing_provider !== true,
    roles,
    managedPolicyArns,
    policies,
    boundary: options.permissions_boundary,
    tags: options.tags ?? {},
    callback: facts.callback,
  };
}

function rolePlan(
  { target, facts }: { target: AwsTarget; facts: SetupFacts },
  suffix: string,
  { role_name, max_session_seconds }: AwsSetupOptions,
): RolePlan {
  const [, path = '/', name] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(target.role_arn ?? '') ?? [];
  return {
    target,
    facts,
    suffix,
    // A chosen name belongs to one role.
    name: (suffix === '' ? role_name : undefined) ?? name,
    path,
    description: iamText(
      `Entered by ${caption(facts.vendor, 200)} through connection ${facts.connection.id}.`,
    ),
    maxSession: max_session_seconds ?? Math.max(3600, target.duration_seconds),
  };
}

function refuse(
  roles: readonly RolePlan[],
  { max_session_seconds }: AwsSetupOptions,
  managedPolicyArns: readonly string[],
  policies: readonly InlinePolicy[],
): void {
  const longest = Math.max(...roles.map(({ target }) => target.duration_seconds));
  const inline = policies.reduce((sum, { document }) => sum + JSON.stringify(document).length, 0);
  // Of one account, whatever their paths: IAM takes a name once, in any case (API reference, CreateRole, RoleName).
  const names = new Set(roles.map((role) => `${accountOf(role)} ${roleNameOf(role).toLowerCase()}`));
  const faults = [
    ...(names.size < roles.length
      ? [
          {
            path: 'additional_connections',
            message: 'must name connections each of which has a role of its own',
          },
        ]
      : []),
    // In a property of a template it would stand for the value of a secret.
    ...(roles.some(({ path }) => path.includes('{{'))
      ? [{ path: 'target.role_arn', message: 'must not have {{ in its path, which CloudFormation evaluates' }]
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
            message: `are over ${maxManagedPolicies} managed policies, the most a role takes`,
          },
        ]
      : []),
    ...(inline > maxInlineCharacters
      ? [
          {
            path: 'permissions',
            message: `are over ${maxInlineCharacters} characters of inline policy together`,
          },
        ]
      : []),
  ];
  if (faults.length > 0) throw invalidRequest(faults);
}

/** Undefined while the role is not known. */
export const accountOf = ({ target }: RolePlan): string | undefined => target.role_arn?.split(':')[4];

/** What a role is called where its file has to name it. */
export const roleNameOf = ({ name, facts }: RolePlan): string =>
  name ?? `sojourn-${facts.connection.id}`.slice(0, 64);

/**
 * IAM takes Latin-1 only (API reference, CreateRole, Description). In `{{resolve:…}}` CloudFormation would put the value
 * of a secret into the text: two braces never stand together.
 */
export const iamText = (text: string): string =>
  caption(text, 1000)
    .replace(/[^\x20-\x7e\xa1-\xff]/gu, '?')
    .replace(/\{(?=\{)/g, '(');
