/** A trust policy or an OIDC provider of IAM that a customer pasted, judged for one connection. */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract.ts';
import { difference } from '../difference.ts';
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

/** Throws `invalid_request` for what is neither. */
export function lint(target: AwsTarget, facts: SetupFacts, document: unknown): LintResult {
  const policy = policyIn(document);
  if (policy) return trustLint(target, facts, policy);
  if (isJsonObject(document) && 'ClientIDList' in document) return providerLint(facts, document);
  throw invalidRequest([
    {
      path: 'document',
      message:
        'is no trust policy (Statement), no role (AssumeRolePolicyDocument) and no OIDC provider (ClientIDList)',
    },
  ]);
}

/** Bare, or as `aws iam get-role` shows it. */
function policyIn(document: unknown): JsonObject | undefined {
  if (!isJsonObject(document)) return undefined;
  if ('Statement' in document) return document;
  const role = isJsonObject(document.Role) ? document.Role : document;
  return isJsonObject(role.AssumeRolePolicyDocument) ? role.AssumeRolePolicyDocument : undefined;
}

function trustLint(target: AwsTarget, facts: SetupFacts, policy: JsonObject): LintResult {
  const statements = [policy.Statement].flat().filter(isJsonObject);
  const wanted = target.role_arn === undefined ? undefined : providerArn(target.role_arn, facts.issuer);
  const ending = `:oidc-provider/${providerName(facts.issuer)}`;
  const isOurs = (arn: string) => (wanted === undefined ? arn.endsWith(ending) : arn === wanted);
  const judgedOnes = statements.map((statement, index) =>
    statementFindings({ target, facts, statement, where: `Statement[${index}]`, isOurs, ending }),
  );
  const admitted = judgedOnes.some(({ admits }) => admits);
  const found: Finding[] = judgedOnes
    .flatMap(({ findings }) => findings)
    .map((one) => (admitted && one.severity === 'closed' ? beside(one) : one));
  if (!judgedOnes.some(({ concerns }) => concerns))
    found.push({
      rule: 'statement_missing',
      severity: 'closed',
      where: 'Statement',
      detail: `No statement allows the OIDC provider ${providerName(facts.issuer)} to assume the role.`,
      advice: 'Add the statement of the corrected document.',
    });
  const others = statements.filter((_, index) => !judgedOnes[index]?.replaced);
  const federated = wanted ?? `arn:aws:iam::ACCOUNT${ending}`;
  const sound = trustPolicy(target, facts, federated);
  return gradeFindings('aws-trust-policy', found, { ...sound, Statement: [...others, ...sound.Statement] });
}

/** Where another statement lets the connection in, one that does not is only in the way, or lets in somebody else. */
const beside = (finding: Finding): Finding =>
  finding.rule === 'subject'
    ? { ...finding, severity: 'weak', advice: 'Give each connection a role of its own.' }
    : { ...finding, severity: 'untidy' };

function providerLint({ issuer, audience }: SetupFacts, document: JsonObject): LintResult {
  const found: Finding[] = [];
  const url = typeof document.Url === 'string' ? document.Url.replace(/^https?:\/\//, '') : '';
  const differs = difference(providerName(issuer), url);
  if (differs)
    found.push({
      rule: `issuer_${differs.name}`,
      severity: 'closed',
      where: 'Url',
      detail: `The provider is for ${describeValue(url)} and not for ${providerName(issuer)}: ${differs.words}.`,
      advice: 'Create a provider with this URL; the URL of one that is there cannot be changed.',
    });
  const clients = stringsIn(document.ClientIDList);
  if (!clients.includes(audience))
    found.push({
      rule: 'audience',
      severity: 'closed',
      where: 'ClientIDList',
      detail: `The list does not hold ${audience}.`,
      advice: 'Add it: aws iam add-client-id-to-open-id-connect-provider.',
    });
  if (clients.some((one) => one !== audience))
    found.push({
      rule: 'other_audiences',
      severity: 'weak',
      where: 'ClientIDList',
      detail: 'The list holds other audiences: every role that trusts this provider has to test :aud.',
      advice: 'Take out what no role needs.',
    });
  return gradeFindings('aws-oidc-provider', found, {
    ...document,
    Url: providerName(issuer),
    ClientIDList: [audience],
  });
}
