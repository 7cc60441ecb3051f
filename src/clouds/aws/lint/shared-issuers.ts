/**
 * Issuers that IAM knows to be shared by many customers: it rejects an Allow for them without a test of the key that names the
 * customer (user guide, "Identity-provider controls for shared OIDC providers", with refusals recorded on 2026-09-11).
 */
import type { Condition } from './operators.ts';

/** Issuer without scheme → the end of the key. */
const keyOf = new Map<string, string>([
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

/** Recorded: ForAllValues counts, IfExists does not. */
const counts = ({ operator }: Condition): boolean =>
  /^String(?:Equals|Like|EqualsIgnoreCase)$/.test(operator.base) && !operator.ifExists;

/** The keys of which one must be tested; undefined if IAM accepts the conditions. */
export function untestedKeys(provider: string, conditions: readonly Condition[]): string | undefined {
  const issuer = provider.replace(/^.*:oidc-provider\//, '');
  if (issuer.startsWith(github)) {
    const keys = [`${issuer}:sub`, `${issuer}:job_workflow_ref`];
    const tests = conditions.filter((condition) => counts(condition) && keys.includes(condition.key));
    const isOpen = tests.some(({ values }) =>
      values.some((value) => value.startsWith('*') || value.trim() === ''),
    );
    return tests.length === 0 || isOpen ? keys.join(' or ') : undefined;
  }
  const suffix = keyOf.get(issuer);
  if (suffix === undefined) return undefined;
  const isTested = conditions.some(
    (condition) => counts(condition) && condition.key === issuer + suffix && !condition.values.includes('*'),
  );
  return isTested ? undefined : issuer + suffix;
}
