/** Lints a workload identity provider: which tokens it maps to which principal. */
import { compare } from '../../compare.ts';
import type { SetupFacts } from '../../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  type Severity,
  stringsIn,
  unreadMembers,
} from '../../lint.ts';
import { uploadedJwks } from '../jwks.ts';
import { providerName } from '../names.ts';
import type { GcpTarget } from '../target.ts';
import { accessOf } from './access.ts';
import type { CorrectedRules } from './correct-condition.ts';
import { keyFindings } from './keys.ts';

export function lintProvider(
  target: GcpTarget,
  facts: SetupFacts,
  document: JsonObject,
  now: number,
): LintResult {
  const access = accessOf(facts, document, now);
  const findings = [
    ...configurationFindings(target, facts, document),
    ...keyFindings(target, facts, document),
    ...access.findings,
  ];
  return gradeFindings(
    'gcp-provider',
    findings,
    access.corrected && correctedProvider(target, facts, document, access.corrected),
  );
}

function configurationFindings(target: GcpTarget, facts: SetupFacts, document: JsonObject): Finding[] {
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
  return [
    ...findings,
    ...unreadMembers(document, members, 'an OIDC provider'),
    ...unreadMembers(oidc, ['issuerUri', 'allowedAudiences', 'jwksJson'], 'an OIDC provider', 'oidc.'),
  ];
}

const members = [
  ...['name', 'displayName', 'description', 'state', 'disabled', 'expireTime', 'oidc'],
  ...['attributeMapping', 'attributeCondition'],
];

function correctedProvider(
  target: GcpTarget,
  facts: SetupFacts,
  { disabled: _enabled, expireTime: _undeleted, ...document }: JsonObject,
  rules: CorrectedRules,
): JsonObject {
  const { issuer, audience } = facts;
  const { jwksJson: _replaced, ...oidc } = isJsonObject(document.oidc) ? document.oidc : {};
  return {
    ...document,
    ...(document.state === undefined ? {} : { state: 'ACTIVE' }),
    ...rules,
    oidc: {
      ...oidc,
      issuerUri: issuer,
      allowedAudiences: [audience],
      ...(target.uploaded_jwks && facts.jwks ? { jwksJson: uploadedJwks(facts) } : {}),
    },
  };
}
