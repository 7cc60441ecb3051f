/** Others that a trust policy admits: further subjects of our issuer, other issuers, accounts and services. */
import { describeValue, type Finding, type Severity } from '../../lint.ts';
import { concerns } from './decide.ts';
import { allowsAction, type Statement, type TrustDocument } from './document.ts';
import { claimOf } from './keys.ts';
import { type Condition, holds } from './operators.ts';
import { isOurs } from './own.ts';
import type { Principal } from './principals.ts';
import type { Caller, LintInput } from './request.ts';
import type { Stranger } from './strangers.ts';

/** Other subjects of our issuer that a statement admits. `admitsOwn`: it admits our token too. */
export function otherSubjects(
  { facts }: LintInput,
  statement: Statement,
  strangers: readonly Stranger[],
  admitsOwn: boolean,
): readonly Finding[] {
  const admitted = strangers.filter(
    ({ caller }) => statement.effect === 'Allow' && concerns(statement, caller),
  );
  const findings: Finding[] = [];
  const tests = statement.conditions.filter(({ operator }) => !operator.negated && operator.base !== 'Null');
  const add = (rule: string, severity: Severity, path: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path, detail, advice });
  const subjects = admitted.filter(({ subject }) => subject !== facts.subject);
  const stranger = subjects.find(({ isNamed }) => !isNamed);
  const patternOf = (claim: string) =>
    tests.find(
      ({ key, values }) =>
        claimOf(facts.issuer, key) === claim && values.some((value) => /[*?]|\$\{/.test(value)),
    );
  if (stranger) {
    const pattern = patternOf('sub');
    add(
      pattern ? 'wildcard' : 'sub_missing',
      'overly_permissive',
      pattern?.path ?? `${statement.path}.Condition`,
      pattern
        ? `${describeValue(wildcardIn(pattern))} matches more than one subject: ${stranger.subject} gets in, for example.`
        : `The subject is not limited to this connection: every customer of this issuer can assume the role, for example with ${stranger.subject}.`,
      pattern ? `Use StringEquals with ${facts.subject}.` : `Add StringEquals with ${facts.subject}.`,
    );
  }
  const [named] = subjects.filter(({ isNamed }) => isNamed);
  if (named && !stranger)
    add(
      admitsOwn ? 'other_subjects' : 'subject',
      'weak',
      tests.find(({ key }) => claimOf(facts.issuer, key) === 'sub')?.path ?? `${statement.path}.Condition`,
      `${describeValue([...new Set(subjects.map(({ subject }) => subject))].join(', '))} can assume the role as well.`,
      'Use a separate role for each connection.',
    );
  if (admitted.some(({ subject }) => subject === facts.subject)) findings.push(audienceFinding());
  return findings;

  function audienceFinding(): Finding {
    const test = tests.find(({ key }) => claimOf(facts.issuer, key) === 'aud');
    const pattern = patternOf('aud');
    const [rule, detail] = pattern
      ? ['wildcard', `${describeValue(wildcardIn(pattern))} matches more than one audience.`]
      : test
        ? ['other_audiences', `Other audiences than ${facts.audience} are admitted.`]
        : ['aud_missing', 'The audience is not tested: only the client ids of the provider restrict it.'];
    return {
      ...{ rule, severity: 'weak', path: (pattern ?? test)?.path ?? `${statement.path}.Condition`, detail },
      advice: pattern
        ? `Use StringEquals with ${facts.audience}.`
        : `Add StringEquals with ${facts.audience}.`,
    };
  }
}

const wildcardIn = ({ values }: Condition): string | undefined =>
  values.find((value) => /[*?]|\$\{/.test(value));

/** Principals of an Allow statement other than our provider. */
export function otherPrincipals(input: LintInput, own: Caller, statement: Statement): readonly Finding[] {
  const { fields, principals, path, effect } = statement;
  const findings: Finding[] = [];
  const add = (rule: string, severity: Severity, subpath: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path: `${path}${subpath}`, detail, advice });
  if (effect !== 'Allow') return [];
  for (const name of ['NotPrincipal', 'NotAction'])
    if (name in fields)
      add(
        `negated`,
        'overly_permissive',
        `.${name}`,
        `${name} allows everything except what it names, for example any other ${name.slice(3).toLowerCase()}.`,
        'Name what is allowed.',
      );
  const isDenied = input.document.statements.some((deny) => deniesAllOthers(input, deny, statement));
  const kinds = new Set(principals.map(({ kind }) => kind));
  if (kinds.has('everyone') && !isDenied) {
    const test = statement.conditions.find(namesCaller);
    if (test)
      add(
        'other_principals',
        'weak',
        '.Principal',
        `Any principal that satisfies ${describeValue(`${test.key} = ${test.values.join(', ')}`)} may assume the role.`,
        'Use a separate role for them, unless they need this one.',
      );
    else
      add(
        'any_principal',
        'overly_permissive',
        '.Principal',
        'Any principal may assume the role, for example one of the account 999999999999.',
        'Name only the OIDC provider.',
      );
  }
  if ((kinds.has('aws') || kinds.has('service')) && !isDenied)
    add(
      'other_principals',
      'weak',
      '.Principal',
      `Other principals than the OIDC provider may assume the role: ${describeValue(valuesOf(principals, 'aws', 'service').join(', '))}.`,
      'Use a separate role for them, unless they need this one.',
    );
  const isOwnStatement = isOurs(input, own, statement);
  const providers = principals.filter(
    ({ kind, value }) =>
      kind === 'federated' && !isOurs(input, own, { ...statement, principals: [{ kind, value }] }),
  );
  if (providers.length > 0 && !isDenied) {
    const open = providers.find(({ value }) => isOpenTo(statement.conditions, value));
    const namesakes = statement.conditions.filter(
      ({ key, values, operator }) =>
        !operator.negated && /:sub$/i.test(key) && values.includes(input.facts.subject),
    );
    const namesake = providers.find(({ value }) =>
      namesakes.some(({ key }) => key.toLowerCase() === `${providerOf(value)}:sub`.toLowerCase()),
    );
    if (namesake)
      add(
        'foreign_issuer',
        'overly_permissive',
        '.Principal.Federated',
        `${describeValue(namesake.value)} decides who gets this subject there, for example a workload of its own.`,
        'Remove it, or test a subject that this issuer gives to someone you know.',
      );
    else if (open)
      add(
        'other_provider_subjects',
        'overly_permissive',
        '.Principal.Federated',
        `The conditions name no single subject of ${describeValue(open.value)}: any token of it that matches them gets in.`,
        `Test an exact value of ${providerOf(open.value)}:sub. The correction does not change this statement.`,
      );
    else
      add(
        'other_providers',
        'weak',
        '.Principal.Federated',
        isOwnStatement
          ? 'The statement names another identity provider, whose tokens these conditions do not test.'
          : `The identity provider ${describeValue(providers[0]?.value)} may assume the role as well.`,
        'Use a separate role or statement with its own conditions for it.',
      );
  }
  return findings;
}

const valuesOf = (principals: readonly Principal[], ...kinds: readonly Principal['kind'][]): string[] =>
  principals.filter(({ kind }) => kinds.includes(kind)).map(({ value }) => value);

/** A Deny for everyone whose conditions on keys of our issuer hold for a caller that carries none of them. */
const deniesAllOthers = ({ facts }: LintInput, deny: Statement, allow: Statement): boolean =>
  deny.effect === 'Deny' &&
  deny.principals.some(({ kind }) => kind === 'everyone') &&
  allow.actions.every((action) => !/[*?]/.test(action) && allowsAction(deny.actions, action)) &&
  deny.conditions.every(
    (condition) => claimOf(facts.issuer, condition.key) !== undefined && holds(condition, new Map()),
  );

/** A condition on a value that names a caller, an account or an organization exactly. */
function namesCaller({ operator, key, values }: Condition): boolean {
  if (operator.negated || operator.ifExists || operator.set === 'ForAllValues' || values.length === 0)
    return false;
  if (/^aws:principalarn$/i.test(key) && /^(?:String|Arn)(?:Equals|Like)$/.test(operator.base))
    // The account is fixed: at most its own principals.
    return values.every((value) => /^arn:[a-z-]+:(?:iam|sts)::\d{12}:[^$]+$/.test(value));
  if (/^aws:principalorgpaths$/i.test(key) && /^String(?:Equals|Like)$/.test(operator.base))
    // The organization is fixed.
    return values.every((value) => /^o-[a-z0-9]+\/[^$]*$/.test(value));
  if (!/^(?:aws:(?:principal(?:orgid|account)|userid|sourceaccount|sourceorgid)|sts:externalid)$/i.test(key))
    return false;
  return isExact({ operator, values });
}

const isExact = ({ operator, values }: Pick<Condition, 'operator' | 'values'>): boolean =>
  /^String(?:Equals|EqualsIgnoreCase|Like)$/.test(operator.base) &&
  values.length > 0 &&
  values.every((value) => !/\$\{/.test(value) && (operator.base !== 'StringLike' || !/[*?]/.test(value)));

const providerOf = (arn: string): string =>
  arn.slice(arn.indexOf('-provider/') + (arn.includes('-provider/') ? 10 : 1));

/** Issuers whose audience names the customer: an identity pool, an application. */
const namedByAudience =
  /^(?:cognito-identity\.amazonaws\.com|graph\.facebook\.com|www\.amazon\.com|api\.pulumi\.com\/oidc|oidc\.vercel\.com.*|accounts\.google\.com)$/;

/** Whether tokens of another provider get in although no claim names them exactly. */
function isOpenTo(conditions: readonly Condition[], arn: string): boolean {
  if (arn.includes(':saml-provider/')) return false;
  const name = providerOf(arn);
  const positive = conditions.filter(
    ({ operator }) =>
      !operator.negated && !operator.ifExists && operator.set !== 'ForAllValues' && operator.base !== 'Null',
  );
  const isOf = ({ key }: Condition) => key.toLowerCase().startsWith(`${name}:`.toLowerCase());
  // No token carries the keys of two issuers.
  if (positive.some((condition) => issuerKey.test(condition.key) && !isOf(condition))) return false;
  return !positive.some(
    (condition) =>
      isOf(condition) &&
      isExact(condition) &&
      (!/:(?:aud|oaud|iss|amr)$/i.test(condition.key) ||
        (namedByAudience.test(name) && /:aud$/i.test(condition.key))),
  );
}

const issuerKey = /^(?!aws:|sts:|iam:)[^:]+\.[^:]+(?::\d+)?(?:\/[^:]*)?:[^:]+$/i;

/** Deny statements that keep our token out. */
export const denyingStatements = ({ statements }: TrustDocument, own: Caller): readonly Statement[] =>
  statements.filter((statement) => statement.effect === 'Deny' && concerns(statement, own));
