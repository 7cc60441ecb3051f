/**
 * Issuers that serve many customers: AWS rejects a trust policy that does not test which customer the token is for.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html, and refusals
 * recorded on 2026-09-11. A private issuer is not on the list and gets no such check.
 */
import { malformedPolicy } from '../fault.ts';
import type { Condition } from './conditions.ts';

/** Issuer without scheme → the suffix of the key that must be tested. */
const listed = new Map<string, string>([
  ['cognito-identity.amazonaws.com', ':aud'],
  ['agent.buildkite.com', ':sub'],
  ['oidc.codefresh.io', ':sub'],
  ['studio.datachain.ai/api', ':sub'],
  ['oidc-configuration.audit-log.githubusercontent.com', ':sub'],
  ['vstoken.actions.githubusercontent.com', ':sub'],
  ['gitlab.com', ':sub'],
  ['api.pulumi.com/oidc', ':aud'],
  ['sandboxes.cloud', ':aud'],
  ['scalr.io', ':sub'],
  ['tokens.cloud.shisho.dev', ':sub'],
  ['app.terraform.io', ':sub'],
  ['proidc.upbound.io', ':sub'],
  ['oidc.vercel.com', ':aud'],
]);

const github = 'token.actions.githubusercontent.com';

/**
 * Operators that count, with or without a set operator. IfExists does not count; ForAllValues does, though it is no
 * safer.
 */
const countedOperators = /^(?:For(?:Any|All)Values?:)?(?:StringEquals|StringLike|StringEqualsIgnoreCase)$/;

/** Throws MalformedPolicyDocument for an Allow statement that trusts a listed issuer too broadly. */
export function checkSharedIssuer(principal: string, conditions: readonly Condition[]): void {
  const issuer = principal.replace(/^arn:[^:]+:iam::\d{12}:oidc-provider\//, '');
  const tests = conditions.filter(({ operator }) => countedOperators.test(operator));
  if (issuer.startsWith(github)) {
    // Recorded: the rule applies to every issuer that begins like GitHub's, with that issuer's name in the keys.
    const keys = [`${issuer}:sub`, `${issuer}:job_workflow_ref`];
    const tested = tests.filter(({ key }) => keys.includes(key));
    const isWide = (value: string) => value.startsWith('*') || value.trim() === '';
    if (tested.length === 0 || tested.some(({ values }) => values.some(isWide)))
      throw refusal(principal, keys.join(' or '));
    return;
  }
  const key = listed.get(issuer);
  if (key === undefined) return;
  const isNarrow = tests.some((test) => test.key === issuer + key && !test.values.includes('*'));
  if (!isNarrow) throw refusal(issuer, issuer + key);
}

const refusal = (principal: string, keys: string): Error =>
  malformedPolicy(
    `Trust policy with trusted principal ${principal} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, ${keys} which is not scoped to all.`,
  );
