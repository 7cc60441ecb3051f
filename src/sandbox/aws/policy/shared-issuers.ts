/**
 * Issuers that serve many customers: AWS refuses a trust policy that does not look at who of them it is.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html, and recorded
 * refusals of 2026-09-11. A private issuer is on no list and is not protected.
 */
import { malformedPolicy } from '../fault.ts';
import type { Condition } from './conditions.ts';

/** Issuer without scheme → the keys of which one must be tested. */
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

/** With or without a set operator counts; IfExists does not, though ForAllValues is no safer. */
const counted = /^(?:For(?:Any|All)Values?:)?(?:StringEquals|StringLike|StringEqualsIgnoreCase)$/;

/** Throws MalformedPolicyDocument for an Allow statement that trusts a listed issuer too widely. */
export function checkSharedIssuer(principal: string, conditions: readonly Condition[]): void {
  const issuer = principal.replace(/^arn:[^:]+:iam::\d{12}:oidc-provider\//, '');
  const tests = conditions.filter(({ operator }) => counted.test(operator));
  if (issuer.startsWith(github)) {
    // Recorded: every issuer that begins like GitHub's is held to this rule, with its own name in the keys.
    const keys = [`${issuer}:sub`, `${issuer}:job_workflow_ref`];
    const own = tests.filter(({ key }) => keys.includes(key));
    const wide = (value: string) => value.startsWith('*') || value.trim() === '';
    if (own.length === 0 || own.some(({ values }) => values.some(wide)))
      throw refusal(principal, keys.join(' or '));
    return;
  }
  const key = listed.get(issuer);
  if (key === undefined) return;
  const narrow = tests.some((test) => test.key === issuer + key && !test.values.includes('*'));
  if (!narrow) throw refusal(issuer, issuer + key);
}

const refusal = (principal: string, keys: string): Error =>
  malformedPolicy(
    `Trust policy with trusted principal ${principal} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, ${keys} which is not scoped to all.`,
  );
