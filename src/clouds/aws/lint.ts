/** Lints a pasted IAM trust policy or OIDC provider for one connection. */
import { invalidRequest } from '../../platform/errors/index.ts';
import { compare } from '../compare.ts';
import type { SetupFacts } from '../contract.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  stringsIn,
} from '../lint.ts';
import { statementFindings } from './lint-statement.ts';
import type { AwsTarget } from './target.ts';
import { providerArn, providerName, trustPolicy } from './trust.ts';

/** @throws {SojournError} `invalid_request` for any other document. */
export function lint(target: AwsTarget, facts: SetupFacts, document: unknown): LintResult {
  const policy = policyIn(document);
  if (policy) return lintTrustPolicy(target, facts, policy);
  if (isJsonObject(document) && 'ClientIDList' in document) return lintProvider(facts, document);
  throw invalidRequest([
    {
      path: 'document',
      message:
        'must be a trust policy (Statement), a role (AssumeRolePolicyDocument) or an OIDC provider (ClientIDList)',
    },
  ]);
}

/** The trust policy: alone, or inside the output of `aws iam get-role`. */
function policyIn(document: unknown): JsonObject | undefined {
  if (!isJsonObject(document)) return undefined;
  if ('Statement' in document) return document;
  const role = isJsonObject(document.Role) ? document.Role : document;
  return isJsonObject(role.AssumeRolePolicyDocument) ? role.AssumeRolePolicyDocument : undefined;
}

function lintTrustPolicy(target: AwsTarget, facts: SetupFacts, policy: JsonObject): LintResult {
  const statements = [policy.Statement].flat().filter(isJsonObject);
  const expectedArn = target.role_arn === undefined ? undefined : providerArn(target.role_arn, facts.issuer);
  const ending = `:oidc-provider/${providerName(facts.issuer)}`;
  const isOurs = (arn: string) => (expectedArn === undefined ? arn.endsWith(ending) : arn === expectedArn);
  const results = statements.map((statement, index) =>
    statementFindings({ target, facts, statement, path: `Statement[${index}]`, isOurs, ending }),
  );
  const isAdmitted = results.some(({ admitsConnection }) => admitsConnection);
  const findings: Finding[] = results
    .flatMap(({ findings }) => findings)
    .map((finding) => (isAdmitted && finding.severity === 'blocks_access' ? downgrade(finding) : finding));
  if (!results.some(({ isForIssuer }) => isForIssuer))
    findings.push({
      rule: 'statement_missing',
      severity: 'blocks_access',
      path: 'Statement',
      detail: `No statement allows the OIDC provider ${providerName(facts.issuer)} to assume the role.`,
      advice: 'Add the statement of the corrected document.',
    });
  const others = statements.filter((_, index) => !results[index]?.isReplaced);
  const federated = expectedArn ?? `arn:aws:iam::ACCOUNT${ending}`;
  const corrected = trustPolicy(target, facts, federated);
  return gradeFindings('aws-trust-policy', findings, {
    ...corrected,
    Statement: [...others, ...corrected.Statement],
  });
}

/** If another statement admits the connection, a statement that blocks it is only redundant or names another subject. */
const downgrade = (finding: Finding): Finding =>
  finding.rule === 'subject'
    ? { ...finding, severity: 'weak', advice: 'Use a separate role for each connection.' }
    : { ...finding, severity: 'redundant' };

function lintProvider({ issuer, audience }: SetupFacts, document: JsonObject): LintResult {
  const findings: Finding[] = [];
  const url = typeof document.Url === 'string' ? document.Url.replace(/^https?:\/\//, '') : '';
  const mismatch = compare(providerName(issuer), url);
  if (mismatch)
    findings.push({
      rule: `issuer_${mismatch.name}`,
      severity: 'blocks_access',
      path: 'Url',
      detail: `The provider is for ${describeValue(url)}, not for ${providerName(issuer)}: ${mismatch.text}.`,
      advice: 'Create a provider with this URL. The URL of an existing provider cannot be changed.',
    });
  const clients = stringsIn(document.ClientIDList);
  if (!clients.includes(audience))
    findings.push({
      rule: 'audience',
      severity: 'blocks_access',
      path: 'ClientIDList',
      detail: `The list does not contain ${audience}.`,
      advice: 'Add it: aws iam add-client-id-to-open-id-connect-provider.',
    });
  if (clients.some((client) => client !== audience))
    findings.push({
      rule: 'other_audiences',
      severity: 'weak',
      path: 'ClientIDList',
      detail: 'The list contains other audiences, so every role that trusts this provider must test :aud.',
      advice: 'Remove the audiences that no role needs.',
    });
  return gradeFindings('aws-oidc-provider', findings, {
    ...document,
    Url: providerName(issuer),
    ClientIDList: [audience],
  });
}
