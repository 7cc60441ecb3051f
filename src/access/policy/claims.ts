/** The claims of an external token that conditions depend on; an API token carries these and no others. Pure. */
import type { Restriction, Rule } from '../clients/index.ts';
import { type Claims, claimAt, textOf } from '../federation/index.ts';
import type { Guard } from './guards.ts';

export type WorkloadClaims = Readonly<Record<string, string>>;

/** In characters; the longest exact value that a condition can hold. */
const maxValueLength = 512;
/** In bytes, names and values as JSON. The token is sent in a header, and the server reads at most 8 KB of headers. */
const maxTotalBytes = 3_000;

/** A claim that is left out counts as missing at /token and at /v1, so a condition on it is not met. */
export function workloadClaimsOf(
  rules: readonly Rule[],
  guards: readonly Guard[],
  claims: Claims,
): WorkloadClaims {
  const workloadClaims: [string, string][] = [];
  let remainingBytes = maxTotalBytes;
  for (const name of namesOf(rules, guards)) {
    const value = textOf(claimAt(claims, name));
    if (value === undefined || value.length > maxValueLength) continue;
    remainingBytes -= Buffer.byteLength(JSON.stringify([name, value]));
    if (remainingBytes < 0) break;
    workloadClaims.push([name, value]);
  }
  return Object.fromEntries(workloadClaims);
}

/** Sorted, so that the order of rules and guards does not matter; claims of enforcing guards and rules come before those of guards in mode `audit`. */
function namesOf(rules: readonly Rule[], guards: readonly Guard[]): ReadonlySet<string> {
  const requiredBy = (mode: Guard['mode']) =>
    guards.filter((guard) => guard.mode === mode).map((guard) => guard.require);
  return new Set([
    ...namesIn([...rules.map(({ when = {} }) => when), ...requiredBy('enforce')]),
    ...namesIn(requiredBy('audit')),
  ]);
}

const namesIn = (restrictions: readonly Restriction[]): readonly string[] =>
  restrictions.flatMap(({ claims = {} }) => Object.keys(claims)).toSorted();
