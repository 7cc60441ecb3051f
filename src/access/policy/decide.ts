/** The decision: /token, /v1 and the access question all use this one function. Pure. */
import type { Client, Rule } from '../clients/index.ts';
import { purposesOf, unavailableReason } from '../connections/index.ts';
import { type Circumstances, matchesSelector, type PolicySubject, unmetConditions } from './evaluate.ts';
import type { Guard } from './guards.ts';

export type PolicyClient = Pick<Client, 'may_use' | 'disabled'> & {
  readonly auth: Pick<Client['auth'], 'method'>;
};

export interface Question extends Pick<Circumstances, 'claims' | 'at'> {
  readonly client: PolicyClient;
  readonly connection: PolicySubject;
  /** A purpose, or null for unrestricted use. If omitted: unrestricted use if allowed, else the only allowed purpose. */
  readonly purpose?: string | null;
}

export const decisionReasons = [
  'rule_matched',
  'no_rule_matched',
  // A rule selects the connection, but its conditions (claims, methods, hours) are not met.
  'condition_unmet',
  // Rules select the connection, but not for this purpose.
  'purpose_not_allowed',
  // Several purposes are allowed, and the request names none.
  'purpose_required',
  'guard_refused',
  'client_disabled',
  'connection_disabled',
  'connection_paused',
] as const;

export interface Decision {
  readonly allowed: boolean;
  readonly reason: (typeof decisionReasons)[number];
  /** The rule that allows, or else the closest one, with its index in `may_use`. */
  readonly rule: (Rule & { readonly index: number }) | null;
  /** The guard that refuses. */
  readonly guard: string | null;
  /** Unmet conditions of that guard or rule: `claims.ref`, `methods`, `hours`, `purposes`. */
  readonly unmet_conditions: readonly string[];
  /** The purpose that the rules and guards allow; null for unrestricted use, and if they refuse. */
  readonly purpose: string | null;
  /** The allowed purposes, if the request has to name one. */
  readonly purposes: readonly string[];
  /** Guards in mode `audit` that would refuse. */
  readonly audit_violations: readonly string[];
}

const emptyDecision = {
  rule: null,
  guard: null,
  unmet_conditions: [],
  purpose: null,
  purposes: [],
  audit_violations: [],
} as const;

export function decide(guards: readonly Guard[], question: Question): Decision {
  const { client, connection, purpose, claims, at } = question;
  const matchingGuards = guards.filter(({ match }) => matchesSelector(match, connection));
  const candidates: Candidate[] = [];
  for (const [index, rule] of client.may_use.entries())
    if (selects(rule, connection)) candidates.push({ ...rule, index });
  const allowed: Evaluation[] = [];
  const refused: Evaluation[] = [];
  // Unrestricted use first: it is chosen if it is allowed.
  for (const option of purpose === undefined ? [null, ...purposesOf(connection)] : [purpose]) {
    const circumstances = { method: client.auth.method, claims, at, purpose: option };
    const evaluation = evaluatePurpose(candidates, matchingGuards, connection, circumstances);
    if (evaluation) (evaluation.refusal ? refused : allowed).push(evaluation);
  }
  const nearest = allowed[0] ?? refused.toSorted((a, b) => distance(a) - distance(b))[0];
  const rule = nearest?.rule ?? null;

  if (client.disabled) return { ...emptyDecision, allowed: false, reason: 'client_disabled', rule };
  if (!nearest || nearest.refusal)
    return { ...emptyDecision, allowed: false, reason: 'no_rule_matched', ...nearest?.refusal, rule };
  if (allowed.length > 1 && nearest.purpose !== null) {
    const purposes = allowed.flatMap((evaluation) => evaluation.purpose ?? []);
    return { ...emptyDecision, allowed: false, reason: 'purpose_required', rule, purposes };
  }
  const { purpose: chosenPurpose, audit_violations } = nearest;
  const decision = { ...emptyDecision, rule, purpose: chosenPurpose, audit_violations };
  const unavailable = unavailableReason(connection);
  return unavailable
    ? { ...decision, allowed: false, reason: unavailable }
    : { ...decision, allowed: true, reason: 'rule_matched' };
}

/** A rule without a selector is rejected when it is saved; if one were stored, it would select nothing. */
function selects(rule: Rule, connection: PolicySubject): boolean {
  const { connection: id, tenant, cloud, labels = {} } = rule;
  const hasSelector = (id ?? tenant ?? cloud) !== undefined || Object.keys(labels).length > 0;
  return hasSelector && matchesSelector(rule, connection);
}

type Candidate = Rule & { readonly index: number };

interface Evaluation {
  readonly purpose: string | null;
  readonly rule: Candidate;
  readonly audit_violations: readonly string[];
  readonly refusal?: Pick<Decision, 'reason' | 'guard' | 'unmet_conditions'>;
}

/** Evaluates one purpose (or null): the first rule that allows it, or else a refusal by the closest rule. */
function evaluatePurpose(
  candidates: readonly Candidate[],
  guards: readonly Guard[],
  connection: PolicySubject,
  circumstances: Circumstances,
): Evaluation | undefined {
  const { purpose } = circumstances;
  const isUnknown = purpose !== null && !purposesOf(connection).includes(purpose);
  let best: { readonly rule: Candidate; readonly unmet: readonly string[] } | undefined;
  for (const rule of candidates) {
    const unmet = rule.when ? [...unmetConditions(rule.when, circumstances)] : [];
    const isAllowed = !rule.purposes || (purpose !== null && rule.purposes.includes(purpose));
    if (isUnknown || !isAllowed) unmet.push('purposes');
    if (!best || unmetWeight(unmet) < unmetWeight(best.unmet)) best = { rule, unmet };
  }
  if (!best) return undefined;
  const { rule, unmet } = best;
  const evaluation = { purpose, rule, audit_violations: [] };
  if (unmet.length > 0) {
    const reason = isPurposesOnly(unmet) ? 'purpose_not_allowed' : 'condition_unmet';
    return { ...evaluation, refusal: { reason, guard: null, unmet_conditions: unmet } };
  }
  const audit_violations: string[] = [];
  for (const guard of guards) {
    const unmet_conditions = unmetConditions(guard.require, circumstances);
    if (unmet_conditions.length === 0) continue;
    if (guard.mode === 'enforce')
      return { ...evaluation, refusal: { reason: 'guard_refused', guard: guard.name, unmet_conditions } };
    audit_violations.push(guard.name);
  }
  return { ...evaluation, audit_violations };
}

/** Smaller is closer to being allowed; a refusal by a guard is closer than any refusal by a rule. */
function distance({ refusal }: Evaluation): number {
  if (refusal === undefined) return 0;
  return (refusal.reason === 'guard_refused' ? 0 : 1000) + unmetWeight(refusal.unmet_conditions);
}

/** At the same number of unmet conditions, a rule that lacks only the purpose is closer; so the order of rules never changes the reason. */
const unmetWeight = (unmet: readonly string[]): number => unmet.length * 2 - (isPurposesOnly(unmet) ? 1 : 0);

const isPurposesOnly = (unmet: readonly string[]): boolean =>
  unmet.length > 0 && unmet.every((name) => name === 'purposes');
