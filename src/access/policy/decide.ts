/** The one decision, taken alike by /token, by /v1 and by whoever asks why. Pure. */
import type { Client, Restriction, Rule } from '../clients/index.ts';
import { closedBy, purposesOf } from '../connections/index.ts';
import { type Circumstances, covers, type Place, unmet } from './evaluate.ts';
import type { Guard } from './guards.ts';

export type Caller = Pick<Client, 'may_use' | 'disabled'> & { readonly auth: Pick<Client['auth'], 'method'> };

export interface Question extends Pick<Circumstances, 'claims' | 'at'> {
  readonly client: Caller;
  readonly connection: Place;
  /** A purpose; null for everything; left out by who takes everything, or else the one purpose that there is. */
  readonly purpose?: string | null;
}

export interface Decision {
  readonly allowed: boolean;
  readonly because:
    | 'rule'
    | 'no_rule'
    /** A rule would admit at other times, with other claims, or to another kind of client. */
    | 'when'
    /** Rules admit, but not for this. */
    | 'purposes'
    /** There are several purposes, and none was named. */
    | 'purpose_required'
    | 'guard'
    | 'client_disabled'
    | 'connection_disabled'
    | 'connection_paused';
  /** The first rule that admits, or else the one that came nearest, and its place in `may_use`. */
  readonly rule: (Rule & { readonly index: number }) | null;
  /** The guard that refuses. */
  readonly guard: string | null;
  /** What does not hold, of that guard or of that rule: `claims.ref`, `methods`, `hours`, `purposes`. */
  readonly unmet: readonly string[];
  /** What may be done; null for everything, and where nothing may. */
  readonly purpose: string | null;
  /** Those that may be named, where one must be. */
  readonly purposes: readonly string[];
  /** Guards that only watch, and would refuse. */
  readonly watching: readonly string[];
}

const nothing = { rule: null, guard: null, unmet: [], purpose: null, purposes: [], watching: [] } as const;

export function decide(guards: readonly Guard[], question: Question): Decision {
  const { client, connection, purpose, claims, at } = question;
  const about = guards.filter(({ on }) => covers(on, connection));
  const rules = client.may_use.flatMap((rule, index) =>
    admits(rule, connection) ? [{ ...rule, index, restriction: restrictionOf(rule) }] : [],
  );
  const options = purpose === undefined ? [null, ...purposesOf(connection)] : [purpose];
  const judged = options.flatMap((option) => {
    const circumstances = { method: client.auth.method, claims, at, purpose: option };
    return judge(rules, about, connection, circumstances);
  });
  const open = judged.filter(({ refusal }) => !refusal);
  const chosen = open.find((one) => one.purpose === null) ?? (open.length === 1 ? open[0] : undefined);
  // What was refused by a guard came nearer than what no rule admits.
  const nearest = judged.toSorted((a, b) => distance(a) - distance(b))[0];
  const rule = shown((chosen ?? nearest)?.rule);

  if (client.disabled) return { ...nothing, allowed: false, because: 'client_disabled', rule };
  if (!chosen && open.length > 1) {
    const purposes = open.flatMap((one) => one.purpose ?? []);
    return { ...nothing, allowed: false, because: 'purpose_required', rule, purposes };
  }
  if (!chosen) return { ...nothing, allowed: false, because: 'no_rule', ...nearest?.refusal, rule };
  const decided = { ...nothing, rule, purpose: chosen.purpose, watching: chosen.watching };
  const closed = closedBy(connection);
  return closed
    ? { ...decided, allowed: false, because: closed }
    : { ...decided, allowed: true, because: 'rule' };
}

/** A rule that names no connections is refused when it is saved, and would be no rule for everything here either. */
function admits(rule: Rule, connection: Place): boolean {
  const { connection: one, tenant, cloud, labels = {} } = rule;
  const names = (one ?? tenant ?? cloud) !== undefined || Object.keys(labels).length > 0;
  return names && covers(rule, connection);
}

const restrictionOf = ({ when = {}, purposes }: Rule): Restriction => ({
  ...when,
  ...(purposes ? { purposes } : {}),
});

type Candidate = Rule & { readonly index: number; readonly restriction: Restriction };

interface Judged {
  readonly purpose: string | null;
  readonly rule: Candidate;
  readonly watching: readonly string[];
  readonly refusal?: Pick<Decision, 'because' | 'guard' | 'unmet'>;
}

/** One use of the connection: by the first rule that admits, or else refused by the rule that came nearest. */
function judge(
  rules: readonly Candidate[],
  guards: readonly Guard[],
  connection: Place,
  circumstances: Circumstances,
): readonly Judged[] {
  const { purpose } = circumstances;
  const unknown = purpose !== null && !purposesOf(connection).includes(purpose) ? ['purposes'] : [];
  const [best] = rules
    .map((rule) => ({ rule, faults: [...new Set([...unmet(rule.restriction, circumstances), ...unknown])] }))
    .toSorted((a, b) => farness(a.faults) - farness(b.faults));
  if (!best) return [];
  const { rule, faults } = best;
  const found = { purpose, rule, watching: [] };
  if (faults.length > 0) {
    const because = isOfPurposes(faults) ? 'purposes' : 'when';
    return [{ ...found, refusal: { because, guard: null, unmet: faults } }];
  }
  const failing = guards
    .map((guard) => ({ guard, faults: unmet(guard.require, circumstances) }))
    .filter((one) => one.faults.length > 0);
  const refusing = failing.find(({ guard }) => guard.mode === 'enforce');
  if (refusing)
    return [{ ...found, refusal: { because: 'guard', guard: refusing.guard.name, unmet: refusing.faults } }];
  return [{ ...found, watching: failing.map(({ guard }) => guard.name) }];
}

function distance({ refusal }: Judged): number {
  if (refusal === undefined) return 0;
  return (refusal.because === 'guard' ? 0 : 1000) + farness(refusal.unmet);
}

/** Of two that lack as much, the one whose purposes are others came nearer: the reason is the same in any order. */
const farness = (faults: readonly string[]): number => faults.length * 2 - (isOfPurposes(faults) ? 1 : 0);

const isOfPurposes = (faults: readonly string[]): boolean =>
  faults.length > 0 && faults.every((name) => name === 'purposes');

function shown(candidate: Candidate | undefined): Decision['rule'] {
  if (!candidate) return null;
  const { restriction: _, ...rule } = candidate;
  return rule;
}
