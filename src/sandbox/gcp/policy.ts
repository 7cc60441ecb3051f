/** Allow policies: which members have which role on a project or a service account, and since when. */
import { createHash } from 'node:crypto';
import { type Input, isRecord, textOf, textsOf } from './input.ts';
import { invalid, type Outcome, ok, refuse } from './responses.ts';

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

export interface Policies {
  /** The latest policy, as in `getIamPolicy`, without propagation. */
  current(resource: string): Input;
  set(resource: string, policy: unknown, now: number): Outcome<Input>;
  /** Whether a member has one of the roles, by the policy in effect at that time. */
  holds(
    resource: string,
    members: readonly string[],
    roles: readonly string[],
    settledBefore: number,
  ): boolean;
}

interface Version {
  readonly since: number;
  readonly bindings: readonly Binding[];
}

/** Principals in bindings. Federated ones are not checked, so a project id instead of the number passes. */
const member =
  /^(allUsers|allAuthenticatedUsers|(user|group|domain|serviceAccount|deleted):\S+|principal(Set)?:\/\/iam\.googleapis\.com\/\S+)$/;

const etagOf = (bindings: readonly Binding[]) =>
  createHash('sha256').update(JSON.stringify(bindings)).digest().subarray(0, 8).toString('base64');

export function createPolicies(): Policies {
  const versions = new Map<string, Version[]>();
  const latest = (resource: string) => versions.get(resource)?.at(-1)?.bindings ?? [];
  const current = (resource: string) => {
    const bindings = latest(resource);
    return { version: 1, etag: etagOf(bindings), ...(bindings.length > 0 ? { bindings } : {}) };
  };
  return {
    current,
    set(resource, policy, now) {
      if (!isRecord(policy)) return invalid('The policy is missing.');
      if (policy.etag !== undefined && policy.etag !== etagOf(latest(resource)))
        return refuse(
          'ABORTED',
          'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
        );
      const bindings = readBindings(policy.bindings);
      if (!bindings.ok) return bindings;
      const all = versions.get(resource) ?? [];
      versions.set(resource, [...all, { since: now, bindings: bindings.value }]);
      return ok(current(resource));
    },
    holds(resource, members, roles, settledBefore) {
      const effective =
        versions.get(resource)?.findLast(({ since }) => since <= settledBefore)?.bindings ?? [];
      return effective.some(
        (binding) => roles.includes(binding.role) && binding.members.some((bound) => members.includes(bound)),
      );
    },
  };
}

function readBindings(input: unknown): Outcome<readonly Binding[]> {
  const bindings: Binding[] = [];
  for (const entry of Array.isArray(input) ? input : []) {
    const role = isRecord(entry) ? textOf(entry.role) : '';
    const members = isRecord(entry) ? textsOf(entry.members) : [];
    if (!/^(roles|projects\/[^/]+\/roles|organizations\/\d+\/roles)\/[\w.]+$/.test(role))
      return invalid(`Role ${role} is not supported for this resource.`);
    if (isRecord(entry) && entry.condition !== undefined)
      return invalid('The sandbox does not evaluate conditions in allow policies.');
    const unknown = members.find((name) => !member.test(name));
    if (unknown !== undefined) return invalid(`Invalid principal ${unknown}.`);
    if (members.length > 0) bindings.push({ role, members });
  }
  return ok(bindings);
}
