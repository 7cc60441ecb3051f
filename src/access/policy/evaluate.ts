/** Evaluates selectors and conditions, the same for rules and guards. Pure. */
import type { Restriction, Rule } from '../clients/index.ts';
import type { Connection } from '../connections/index.ts';
import { matcherOf } from '../federation/index.ts';
import { isWithin } from './hours.ts';

/** The facts of a request besides its client and its connection. */
export interface Circumstances {
  /** The client's authentication method. */
  readonly method: string;
  /** Claims of the external token with which the client signed in; see `workloadClaimsOf`. */
  readonly claims: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The purpose of the use; null for unrestricted use, which is what a cloud token gives. */
  readonly purpose: string | null;
}

export type Selector = Pick<Rule, 'connection' | 'tenant' | 'cloud' | 'labels'>;
export type PolicySubject = Pick<
  Connection,
  'id' | 'tenant' | 'cloud' | 'labels' | 'purposes' | 'disabled' | 'paused_at'
>;

/** Whether every member of the selector matches the connection; an empty selector matches all. */
export function matchesSelector(
  { connection: id, tenant, cloud, labels = {} }: Selector,
  connection: PolicySubject,
): boolean {
  return (
    (id === undefined || id === connection.id) &&
    (tenant === undefined || tenant === connection.tenant) &&
    (cloud === undefined || cloud === connection.cloud) &&
    Object.entries(labels).every(
      ([name, value]) => Object.hasOwn(connection.labels, name) && connection.labels[name] === value,
    )
  );
}

interface Condition {
  readonly name: string;
  readonly holds: (circumstances: Circumstances) => boolean;
}

/** Compiled conditions by restriction object; a guard's restriction is the same object for one version of the document. */
const conditionsCache = new WeakMap<Restriction, readonly Condition[]>();

/** Names of the unmet conditions (`claims.ref`, `methods`, `hours`, `purposes`); empty if all are met. */
export function unmetConditions(restriction: Restriction, circumstances: Circumstances): readonly string[] {
  const conditions = conditionsCache.get(restriction) ?? conditionsOf(restriction);
  conditionsCache.set(restriction, conditions);
  return conditions.filter(({ holds }) => !holds(circumstances)).map(({ name }) => name);
}

function conditionsOf({ claims = {}, methods, hours, purposes }: Restriction): readonly Condition[] {
  const conditions: Condition[] = Object.entries(claims).map(([name, pattern]) => {
    const matches = matcherOf(pattern);
    return {
      name: `claims.${name}`,
      holds: (circumstances) =>
        Object.hasOwn(circumstances.claims, name) && matches(circumstances.claims[name]),
    };
  });
  if (methods)
    conditions.push({
      name: 'methods',
      holds: ({ method }) => methods.some((allowed) => allowed === method),
    });
  if (hours) conditions.push({ name: 'hours', holds: ({ at }) => isWithin(hours, at) });
  if (purposes)
    conditions.push({
      name: 'purposes',
      holds: ({ purpose }) => purpose !== null && purposes.includes(purpose),
    });
  return conditions;
}
