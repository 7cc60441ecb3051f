/** The claims of a foreign token that conditions depend on: no others go along into a token for /v1. Pure. */
import type { Restriction, Rule } from '../clients/index.ts';
import { type Claims, claimAt, textOf } from '../federation/index.ts';
import type { Guard } from './guards.ts';

export type CarriedClaims = Readonly<Record<string, string>>;

/** As long as the longest value that a condition can name in full. */
const longestValue = 512;
/** Names and values as JSON. A token travels in a header, and 8 KB are read of all headers together. */
const longestTogether = 3_000;

/** What is left out is a claim that is not there, and whatever depends on it is refused: here and at /v1 alike. */
export function carriedClaims(
  rules: readonly Rule[],
  guards: readonly Guard[],
  claims: Claims | undefined,
): CarriedClaims {
  const carried: [string, string][] = [];
  if (claims === undefined) return {};
  let room = longestTogether;
  for (const name of namesOf(rules, guards)) {
    const value = textOf(claimAt(claims, name));
    if (value === undefined || value.length > longestValue) continue;
    room -= Buffer.byteLength(JSON.stringify([name, value]));
    if (room < 0) break;
    carried.push([name, value]);
  }
  return Object.fromEntries(carried);
}

/** In one order, whatever the order of rules and guards; what guards only watch takes no room from what decides. */
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
