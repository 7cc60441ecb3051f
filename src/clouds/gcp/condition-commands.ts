/** Commands that change the attribute condition of a provider and undo nothing that the customer added to it. */
import type { SetupFacts } from '../contract/index.ts';
import { celString, option, shellCommand, shellWord } from '../encode/index.ts';
import { providerName } from './names.ts';
import type { GcpTarget } from './target.ts';

export const provider = (verb: string, target: GcpTarget, ...flags: readonly string[]): string =>
  shellCommand([
    ...['gcloud', 'iam', 'workload-identity-pools', 'providers', verb, providerName(target)],
    ...flags,
  ]);

const ownCondition = ({ subject }: SetupFacts): string => `assertion.sub==${celString(subject)}`;

/** Puts the present condition into `$condition`, which may be empty. */
const read = (target: GcpTarget): string =>
  `condition=$(${provider('describe', target, '--format=value(attributeCondition)')}) &&`;

const write = (target: GcpTarget, facts: SetupFacts, rest: string): string =>
  `${provider('update-oidc', target, option('attribute-condition', ownCondition(facts)))}"\${condition:+${rest}}"`;

/** Admits no subject but ours, and keeps what else the present condition requires. */
export const narrowCondition = (target: GcpTarget, facts: SetupFacts): string =>
  [read(target), write(target, facts, ' && ($condition)')].join('\n');

const text = `('[^'\\\\]*'|"[^"\\\\]*")`;
const subjects = `(assertion\\.sub|google\\.subject) *(== *${text}|in *\\[ *${text}( *, *${text})* *\\])`;

/** Admits our subject beside those that the present condition names. Stops if that asks for anything else. */
export const admitSubject = (target: GcpTarget, facts: SetupFacts): string =>
  [
    read(target),
    `if printf '%s\\n' "$condition" | grep -Evqx ${shellWord(`(${subjects})?`)}; then`,
    `  printf '%s\\n' ${shellWord(`The condition asks for more than a subject. Nothing was changed. Change it yourself so that it is true where ${ownCondition(facts)}:`)} "$condition" >&2`,
    '  false',
    'else',
    `  ${write(target, facts, ' || $condition')}`,
    'fi',
  ].join('\n');
