/** The one evaluator, of rules and of guards: which connections they are about, and what stands in the way. Pure. */
import type { Restriction, Rule } from '../clients/index.ts';
import type { Connection } from '../connections/index.ts';
import { matcherOf } from '../federation/index.ts';
import { isWithin } from './hours.ts';

/** What is known of a request besides its client and its connection. */
export interface Circumstances {
  /** How the client has authenticated. */
  readonly method: string;
  /** Of the token by which it has; see `carriedClaims`. */
  readonly claims: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** For what the connection is to be used; null for everything, as a cloud token is good for. */
  readonly purpose: string | null;
}

export type Selector = Pick<Rule, 'connection' | 'tenant' | 'cloud' | 'labels'>;
export type Place = Pick<
  Connection,
  'id' | 'tenant' | 'cloud' | 'labels' | 'purposes' | 'disabled' | 'paused_at'
>;

/** Whether the connection is among those that are named: everything that is there must hold. */
export function covers(
  { connection: one, tenant, cloud, labels = {} }: Selector,
  connection: Place,
): boolean {
  return (
    (one === undefined || one === connection.id) &&
    (tenant === undefined || tenant === connection.tenant) &&
    (cloud === undefined || cloud === connection.cloud) &&
    Object.entries(labels).every(
      ([name, value]) => Object.hasOwn(connection.labels, name) && connection.labels[name] === value,
    )
  );
}

interface Check {
  readonly name: string;
  readonly holds: (circumstances: Circumstances) => boolean;
}

/** By what was read from the store: a guard's are made once for each version of the document. */
const made = new WeakMap<Restriction, readonly Check[]>();

/** What does not hold, by its name (`claims.ref`, `methods`, `hours`, `purposes`); nothing when everything does. */
export function unmet(restriction: Restriction, circumstances: Circumstances): readonly string[] {
  const checks = made.get(restriction) ?? checksOf(restriction);
  made.set(restriction, checks);
  return checks.filter(({ holds }) => !holds(circumstances)).map(({ name }) => name);
}

function checksOf({ claims = {}, methods, hours, purposes }: Restriction): readonly Check[] {
  const checks: Check[] = Object.entries(claims).map(([name, pattern]) => {
    const matches = matcherOf(pattern);
    return {
      name: `claims.${name}`,
      holds: (known) => Object.hasOwn(known.claims, name) && matches(known.claims[name]),
    };
  });
  if (methods) checks.push({ name: 'methods', holds: ({ method }) => methods.some((one) => one === method) });
  if (hours) checks.push({ name: 'hours', holds: ({ at }) => isWithin(hours, at) });
  if (purposes)
    checks.push({
      name: 'purposes',
      holds: ({ purpose }) => purpose !== null && purposes.includes(purpose),
    });
  return checks;
}
