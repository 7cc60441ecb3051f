/** Lints a pasted workload identity provider or service account policy for one connection. */
import { invalidRequest } from '../../platform/errors/index.ts';
import { compare } from '../compare.ts';
import type { SetupFacts } from '../contract/index.ts';
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
import { lintPolicy } from './lint-policy.ts';
import { providerName } from './names.ts';
import type { GcpTarget } from './target.ts';

/** @throws {SojournError} `invalid_request` for any other document. */
export function lint(target: GcpTarget, facts: SetupFacts, document: unknown): LintResult {
  if (isJsonObject(document) && Array.isArray(document.bindings)) return lintPolicy(target, facts, document);
  if (isJsonObject(document) && ('oidc' in document || 'attributeMapping' in document))
    return gradeFindings(
      'gcp-provider',
      providerFindings(target, facts, document),
      correctedProvider(facts, document),
    );
  throw invalidRequest([
    {
      path: 'document',
      message: 'must be a provider (oidc, attributeMapping) or the policy of a service account (bindings)',
    },
  ]);
}

const correctedProvider = ({ issuer, subject, audience }: SetupFacts, document: JsonObject) => ({
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
  const add = (rule: string, severity: Severity, path: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path, detail, advice });
  const oidc = isJsonObject(document.oidc) ? document.oidc : {};
  if (typeof document.name === 'string' && document.name !== providerName(target))
    add(
      'provider_name',
      'blocks_access',
      'name',
      `${describeValue(document.name)} is not ${providerName(target)}.`,
      'Correct the target of the connection. It must have the project number, not the project id.',
    );
  if (document.disabled === true || document.state === 'DELETED')
    add(
      'disabled',
      'blocks_access',
      'state',
      'The provider is disabled or deleted.',
      'Enable it, or undelete it within 30 days.',
    );

  const mismatch = compare(facts.issuer, typeof oidc.issuerUri === 'string' ? oidc.issuerUri : '');
  if (mismatch)
    add(
      `issuer_${mismatch.name}`,
      'blocks_access',
      'oidc.issuerUri',
      `${describeValue(oidc.issuerUri)} is not ${facts.issuer}: ${mismatch.text}.`,
      `Write ${facts.issuer}.`,
    );
  const audiences = stringsIn(oidc.allowedAudiences);
  if (oidc.allowedAudiences === undefined || audiences.length === 0)
    add(
      'audiences_missing',
      'redundant',
      'oidc.allowedAudiences',
      'No audience is listed, so Google accepts its two default audiences.',
      `Write ["${facts.audience}"].`,
    );
  else if (!audiences.includes(facts.audience))
    add(
      'audience',
      'blocks_access',
      'oidc.allowedAudiences',
      `The list does not contain ${facts.audience}. Any list replaces the default audiences.`,
      `Write ["${facts.audience}"].`,
    );
  if (audiences.some((audience) => audience !== facts.audience))
    add(
      'other_audiences',
      'weak',
      'oidc.allowedAudiences',
      'Tokens with another audience are accepted as well.',
      `Write ["${facts.audience}"].`,
    );

  const mapping = isJsonObject(document.attributeMapping) ? document.attributeMapping : {};
  const subject = String(mapping['google.subject'] ?? '');
  if (subject !== 'assertion.sub')
    add(
      'mapping',
      /^\s*(?:'[^']*'|"[^"]*")\s*$/.test(subject) ? 'overly_permissive' : 'blocks_access',
      'attributeMapping',
      `google.subject is ${describeValue(subject)}, not assertion.sub.`,
      'Map google.subject to assertion.sub alone. Google allows 127 bytes.',
    );
  const finding = conditionFinding(document.attributeCondition, facts.subject);
  if (finding) findings.push(finding);
  return findings;
}
