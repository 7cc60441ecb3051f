/** Lints one statement of a trust policy: its principals, actions and conditions. */
import type { SetupFacts } from '../contract.ts';
import {
  describeValue,
  type Finding,
  isJsonObject,
  type JsonObject,
  type Severity,
  stringsIn,
} from '../lint.ts';
import { conditionFindings } from './lint-conditions.ts';
import type { AwsTarget } from './target.ts';
import { providerName } from './trust.ts';

export interface StatementResult {
  readonly findings: readonly Finding[];
  /** The statement names the provider of this issuer. */
  readonly isForIssuer: boolean;
  /** The statement admits this connection. */
  readonly admitsConnection: boolean;
  /** The corrected document has the statement of the set-up file instead. */
  readonly isReplaced: boolean;
}

const assumeRoleAction = 'sts:AssumeRoleWithWebIdentity';

export function statementFindings(input: {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  readonly statement: JsonObject;
  readonly path: string;
  readonly isOurs: (arn: string) => boolean;
  /** The end of the provider's ARN, from `:oidc-provider/` on. */
  readonly ending: string;
}): StatementResult {
  const { target, facts, statement, path, isOurs, ending } = input;
  const findings: Finding[] = [];
  const add = (rule: string, severity: Severity, subpath: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path: `${path}${subpath}`, detail, advice });
  if (statement.Effect !== 'Allow')
    return { findings, isForIssuer: false, admitsConnection: false, isReplaced: false };
  for (const name of ['NotPrincipal', 'NotAction'])
    if (name in statement)
      add(
        'negated',
        'overly_permissive',
        `.${name}`,
        `${name} allows everything except what it names.`,
        'Name what is allowed.',
      );

  const principal = isJsonObject(statement.Principal) ? statement.Principal : {};
  const federated = stringsIn(principal.Federated);
  if (statement.Principal === '*' || stringsIn(principal.AWS).includes('*'))
    add(
      'any_principal',
      'overly_permissive',
      '.Principal',
      'Any principal may assume the role.',
      'Name only the OIDC provider.',
    );
  else if ('AWS' in principal || 'Service' in principal)
    add(
      'other_principals',
      'weak',
      '.Principal',
      'Other principals than the OIDC provider may assume the role.',
      'Use a separate role for them, unless they need this one.',
    );
  const namesOurProvider = federated.some(isOurs);
  const named = providerName(facts.issuer);
  const similarArn = federated.find((arn) => !isOurs(arn) && hasSameHost(arn, named));
  if (!namesOurProvider && similarArn !== undefined)
    add(
      'provider_arn',
      'blocks_access',
      '.Principal.Federated',
      `The provider is ${describeValue(similarArn)}; it must end with ${ending} and be in the account of the role.`,
      'Copy the ARN from the corrected document. Path, case and a trailing slash must match.',
    );
  const isForIssuer = namesOurProvider || similarArn !== undefined;
  if (federated.some((arn) => !isOurs(arn) && arn !== similarArn))
    add(
      'other_providers',
      'weak',
      '.Principal.Federated',
      'The statement names another identity provider, whose tokens these conditions do not test.',
      'Use a separate statement with its own conditions for it.',
    );
  if (!isForIssuer) return { findings, isForIssuer, admitsConnection: false, isReplaced: false };

  const needed = [
    assumeRoleAction,
    ...(Object.keys(target.session_tags ?? {}).length > 0 ? ['sts:TagSession'] : []),
    ...(target.source_identity ? ['sts:SetSourceIdentity'] : []),
  ];
  const actions = stringsIn(statement.Action);
  const allows = (action: string) => actions.some((pattern) => matchesAction(pattern, action));
  const missingActions = needed.filter((action) => !allows(action));
  if (missingActions.length > 0)
    add(
      missingActions.includes(assumeRoleAction) ? 'action' : 'session_tags',
      'blocks_access',
      '.Action',
      `${missingActions.join(' and ')} is not allowed.`,
      'Add it to Action.',
    );
  if (actions.some((action) => action.includes('*')))
    add(
      'wildcard_action',
      'weak',
      '.Action',
      'A wildcard allows more actions than needed.',
      'Name the actions.',
    );
  else if (actions.some((action) => !needed.includes(action)))
    add(
      'extra_actions',
      'redundant',
      '.Action',
      `Only ${needed.join(', ')} is needed.`,
      'Remove the other actions.',
    );
  findings.push(...conditionFindings(facts, statement.Condition, `${path}.Condition`));
  const admitsConnection = namesOurProvider && !findings.some(({ severity }) => severity === 'blocks_access');
  return { findings, isForIssuer, admitsConnection, isReplaced: true };
}

/** Same host, but a path, a slash, the case or the account differs. */
const hasSameHost = (arn: string, name: string): boolean =>
  (/:oidc-provider\/([^/]*)/.exec(arn)?.[1] ?? '').toLowerCase() === name.split('/')[0]?.toLowerCase();

/** `*` and `?` match as in an IAM action, case-insensitively. */
function matchesAction(pattern: string, action: string): boolean {
  if (pattern.length > 200) return false;
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(action);
}
