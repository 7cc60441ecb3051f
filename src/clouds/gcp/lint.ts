/** A provider of a pool, or the policy of a service account, that a customer pasted, judged for one connection. */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract.ts';
import { difference } from '../difference.ts';
import { celString } from '../encode/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  type Severity,
  stringsIn,
} from '../lint.ts';
import { conditionFinding } from './lint-condition.ts';
import { policyLint } from './lint-policy.ts';
import { providerName } from './names.ts';
import type { GcpTarget } from './target.ts';

/** Throws `invalid_request` for what is neither. */
export function lint(target: GcpTarget, facts: SetupFacts, document: unknown): LintResult {
  if (isJsonObject(document) && Array.isArray(document.bindings)) return policyLint(target, facts, document);
  if (isJsonObject(document) && ('oidc' in document || 'attributeMapping' in document))
    return gradeFindings('gcp-provider', providerFindings(target, facts, document), sound(facts, document));
  throw invalidRequest([
    {
      path: 'document',
      message: 'is no provider (oidc, attributeMapping) and no policy of a service account (bindings)',
    },
  ]);
}

const sound = ({ issuer, subject, audience }: SetupFacts, document: JsonObject) => ({
  ...document,
  attributeMapping: { 'google.subject': 'assertion.sub' },
  attributeCondition: `assertion.sub==${celString(subject)}`,
  oidc: {
    ...(isJsonObject(document.oidc) ? document.oidc : {}),
    issuerUri: issuer,
    allowedAudiences: [audience],
  },
});

function providerFindings(target: GcpTarget, facts: SetupFacts, document: JsonObject): Finding[] {
  const findings: Finding[] = [];
  const add = (rule: string, severity: Severity, where: string, detail: string, advice: string) =>
    findings.push({ rule, severity, where, detail, advice });
  const oidc = isJsonObject(document.oidc) ? document.oidc : {};
  if (typeof document.name === 'string' && document.name !== providerName(target))
    add(
      'provider_name',
      'closed',
      'name',
      `${describeValue(document.name)} is not ${providerName(target)}.`,
      'Correct the target of the connection: it has the number of the project, and not its id.',
    );
  if (document.disabled === true || document.state === 'DELETED')
    add(
      'disabled',
      'closed',
      'state',
      'The provider is disabled or deleted.',
      'Enable it, or undelete it within 30 days.',
    );

  const differs = difference(facts.issuer, typeof oidc.issuerUri === 'string' ? oidc.issuerUri : '');
  if (differs)
    add(
      `issuer_${differs.name}`,
      'closed',
      'oidc.issuerUri',
      `${describeValue(oidc.issuerUri)} is not ${facts.issuer}: ${differs.words}.`,
      `Write ${facts.issuer}.`,
    );
  const audiences = stringsIn(oidc.allowedAudiences);
  if (oidc.allowedAudiences === undefined || audiences.length === 0)
    add(
      'audiences_missing',
      'untidy',
      'oidc.allowedAudiences',
      'No audience is listed, so that Google takes its own two.',
      `Write ["${facts.audience}"].`,
    );
  else if (!audiences.includes(facts.audience))
    add(
      'audience',
      'closed',
      'oidc.allowedAudiences',
      `The list does not hold ${facts.audience}; any list switches the default off.`,
      `Write ["${facts.audience}"].`,
    );
  if (audiences.some((one) => one !== facts.audience))
    add(
      'other_audiences',
      'weak',
      'oidc.allowedAudiences',
      'Tokens with another audience are taken as well.',
      `Write ["${facts.audience}"].`,
    );

  const mapping = isJsonObject(document.attributeMapping) ? document.attributeMapping : {};
  const subject = String(mapping['google.subject'] ?? '');
  if (subject !== 'assertion.sub')
    add(
      'mapping',
      /^\s*(?:'[^']*'|"[^"]*")\s*$/.test(subject) ? 'stranger' : 'closed',
      'attributeMapping',
      `google.subject is ${describeValue(subject)} and not assertion.sub.`,
      'Map google.subject to assertion.sub and nothing more; it may have 127 bytes.',
    );
  const found = conditionFinding(document.attributeCondition, facts.subject);
  if (found) findings.push(found);
  return findings;
}
