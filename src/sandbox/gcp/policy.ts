/** Allow policies: who holds which role on a project or a service account, and since when it is acted upon. */
import { createHash } from 'node:crypto';
import { invalid, made, type Outcome, refuse } from './answers.ts';
import { type Input, isRecord, textOf, textsOf } from './input.ts';

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

export interface Policies {
  /** As `getIamPolicy` answers: at once what was last set. */
  shown(resource: string): Input;
  set(resource: string, policy: unknown, now: number): Outcome<Input>;
  /** Whether a member holds one of the roles, by the policy that has taken effect at that time. */
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

/** Principals as bindings write them; federated ones are taken unseen, so a project id in place of the number passes. */
const member =
  /^(allUsers|allAuthenticatedUsers|(user|group|domain|serviceAccount|deleted):\S+|principal(Set)?:\/\/iam\.googleapis\.com\/\S+)$/;

const etagOf = (bindings: readonly Binding[]) =>
  createHash('sha256').update(JSON.stringify(bindings)).digest().subarray(0, 8).toString('base64');

export function createPolicies(): Policies {
  const versions = new Map<string, Version[]>();
  const latest = (resource: string) => versions.get(resource)?.at(-1)?.bindings ?? [];
  const shown = (resource: string) => {
    const bindings = latest(resource);
    return { version: 1, etag: etagOf(bindings), ...(bindings.length > 0 ? { bindings } : {}) };
  };
  return {
    shown,
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
      return made(shown(resource));
    },
    holds(resource, members, roles, settledBefore) {
      const effective =
        versions.get(resource)?.findLast(({ since }) => since <= settledBefore)?.bindings ?? [];
      return effective.some(
        (binding) => roles.includes(binding.role) && binding.members.some((one) => members.includes(one)),
      );
    },
  };
}

function readBindings(given: unknown): Outcome<readonly Binding[]> {
  const bindings: Binding[] = [];
  for (const entry of Array.isArray(given) ? given : []) {
    const role = isRecord(entry) ? textOf(entry.role) : '';
    const members = isRecord(entry) ? textsOf(entry.members) : [];
    if (!/^(roles|projects\/[^/]+\/roles|organizations\/\d+\/roles)\/[\w.]+$/.test(role))
      return invalid(`Role ${role} is not supported for this resource.`);
    if (isRecord(entry) && entry.condition !== undefined)
      return invalid('The sandbox evaluates no conditions in allow policies.');
    const unknown = members.find((one) => !member.test(one));
    if (unknown !== undefined) return invalid(`Invalid principal ${unknown}.`);
    if (members.length > 0) bindings.push({ role, members });
  }
  return made(bindings);
}
