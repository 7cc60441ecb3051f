/** Allow policies: which members have which role on a project or a service account, and since when. */
import { createHash } from 'node:crypto';
import { type BindingCondition, conditionHolds, readBindingCondition } from './binding-condition.ts';
import { type Input, isRecord, textOf, textsOf } from './input.ts';
import { invalid, type Outcome, ok, refuse } from './responses.ts';

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: BindingCondition;
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

/** @param now in milliseconds since the epoch, for conditions on the time */
export function createPolicies(now: () => number): Policies {
  const versions = new Map<string, Version[]>();
  const latest = (resource: string) => versions.get(resource)?.at(-1)?.bindings ?? [];
  const current = (resource: string) => {
    const bindings = latest(resource);
    const version = bindings.some(({ condition }) => condition) ? 3 : 1;
    return { version, etag: etagOf(bindings), ...(bindings.length > 0 ? { bindings } : {}) };
  };
  return {
    current,
    set(resource, policy, at) {
      if (!isRecord(policy)) return invalid('The policy is missing.');
      if (policy.etag !== undefined && policy.etag !== etagOf(latest(resource)))
        return refuse(
          'ABORTED',
          'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
        );
      const bindings = readBindings(policy.bindings);
      if (!bindings.ok) return bindings;
      if (policy.version !== 3 && bindings.value.some(({ condition }) => condition))
        return invalid('The version of a policy with conditions must be 3.');
      const all = versions.get(resource) ?? [];
      versions.set(resource, [...all, { since: at, bindings: bindings.value }]);
      return ok(current(resource));
    },
    holds(resource, members, roles, settledBefore) {
      const effective =
        versions.get(resource)?.findLast(({ since }) => since <= settledBefore)?.bindings ?? [];
      return effective.some(
        ({ role, members: bound, condition }) =>
          roles.includes(role) &&
          bound.some((member) => members.includes(member)) &&
          (!condition || conditionHolds(condition, { now: now(), resource })),
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
    const condition = readBindingCondition(isRecord(entry) ? entry.condition : undefined);
    if (!condition.ok) return condition;
    const unknown = members.find((name) => !member.test(name));
    if (unknown !== undefined) return invalid(`Invalid principal ${unknown}.`);
    if (members.length > 0)
      bindings.push({ role, members, ...(condition.value ? { condition: condition.value } : {}) });
  }
  return ok(bindings);
}
