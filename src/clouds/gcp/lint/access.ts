/** Who gets in by the mapping and the condition of a provider. */
import type { SetupFacts } from '../../contract/index.ts';
import { describeValue, type Finding, isJsonObject, type JsonObject, stringsIn } from '../../lint.ts';
import { unknown } from './cel-values.ts';
import { conditionFindings } from './conditions.ts';
import { type CorrectedRules, correctRules, isAcceptedMapping } from './correct-condition.ts';
import { type ProviderRules, rulesOf } from './rules.ts';
import { findStrangers, type Strangers } from './strangers.ts';

export interface ProviderAccess {
  readonly findings: readonly Finding[];
  /** Undefined if the customer has to choose. */
  readonly corrected: CorrectedRules | undefined;
}

export function accessOf(facts: SetupFacts, document: JsonObject, now: number): ProviderAccess {
  const rules = rulesOf(facts, document, now);
  const strangers = findStrangers(rules, audiencesOf(facts, document));
  return {
    findings: [...mappingFindings(facts, rules, strangers), ...conditionFindings(facts, rules, strangers)],
    corrected: correctRules(facts, rules, strangers, now),
  };
}

const audiencesOf = ({ audience }: SetupFacts, { oidc }: JsonObject): readonly string[] => [
  audience,
  ...stringsIn(isJsonObject(oidc) ? oidc.allowedAudiences : []),
];

function mappingFindings(
  { subject }: SetupFacts,
  { mapping, mappings, ofOwn, isConstant }: ProviderRules,
  { admitted }: Strangers,
): Finding[] {
  const find = (rule: string, severity: Finding['severity'], detail: string): Finding => ({
    ...{ rule, severity, path: 'attributeMapping', detail },
    advice: 'Map google.subject to assertion.sub alone. Google allows 127 bytes.',
  });
  const written = describeValue(mapping['google.subject']);
  const findings: Finding[] = [];
  const rejected = mappings.find(({ key }) => !isAcceptedMapping(key, mapping[key]));
  if (rejected)
    findings.push(
      find('not_accepted', 'blocks_access', `Google rejects the mapping of ${describeValue(rejected.key)}.`),
    );
  const impostors = admitted.filter(({ becomesOurs }) => becomesOurs);
  const impostor = impostors.find(({ isNamed }) => !isNamed) ?? impostors[0];
  if (isConstant)
    findings.push(
      find(
        'mapping',
        'overly_permissive',
        `google.subject is ${written} for every token, for example also for con_${'0'.repeat(26)}.`,
      ),
    );
  else if (ofOwn.failed !== undefined && ofOwn.failed !== 'google.subject')
    findings.push(
      find(
        'mapping',
        'blocks_access',
        `${ofOwn.failed} has no value for our token, so Google refuses it: ${describeValue(mapping[ofOwn.failed])}.`,
      ),
    );
  else if (ofOwn.subject !== unknown && ofOwn.subject !== subject)
    findings.push(find('mapping', 'blocks_access', `google.subject is ${written}, not assertion.sub.`));
  if (impostor && !isConstant)
    findings.push(
      find(
        'mapping',
        impostor.isNamed ? 'weak' : 'overly_permissive',
        `google.subject is ${written}: a token with the subject ${describeValue(impostor.subject)} becomes this connection.`,
      ),
    );
  if (ofOwn.isUnknown)
    findings.push(
      find(
        'not_understood',
        'weak',
        `A mapping is not understood: ${describeValue(Object.values(mapping).join(', '))}.`,
      ),
    );
  return findings;
}
