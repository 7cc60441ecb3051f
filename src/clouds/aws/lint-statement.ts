/** One statement of a trust policy: whom it is for, and what it asks of their tokens. */
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

export interface StatementJudged {
  readonly findings: readonly Finding[];
  /** It is about the provider of this issuer. */
  readonly concerns: boolean;
  /** It lets this very connection in. */
  readonly admits: boolean;
  /** The statement of the set-up file takes its place. */
  readonly replaced: boolean;
}

const entry = 'sts:AssumeRoleWithWebIdentity';

export function statementFindings(given: {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  readonly statement: JsonObject;
  readonly where: string;
  readonly isOurs: (arn: string) => boolean;
  /** What the ARN of the provider ends with. */
  readonly ending: string;
}): StatementJudged {
  const { target, facts, statement, where, isOurs, ending } = given;
  const findings: Finding[] = [];
  const add = (rule: string, severity: Severity, at: string, detail: string, advice: string) =>
    findings.push({ rule, severity, where: `${where}${at}`, detail, advice });
  if (statement.Effect !== 'Allow') return { findings, concerns: false, admits: false, replaced: false };
  for (const name of ['NotPrincipal', 'NotAction'])
    if (name in statement)
      add(
        'negated',
        'stranger',
        `.${name}`,
        `${name} allows everything but what it names.`,
        'Name what is allowed.',
      );

  const principal = isJsonObject(statement.Principal) ? statement.Principal : {};
  const federated = stringsIn(principal.Federated);
  if (statement.Principal === '*' || stringsIn(principal.AWS).includes('*'))
    add('anybody', 'stranger', '.Principal', 'Everybody is named.', 'Name the OIDC provider alone.');
  else if ('AWS' in principal || 'Service' in principal)
    add(
      'other_principals',
      'weak',
      '.Principal',
      'Others than the OIDC provider may assume the role as well.',
      'Give them a role of their own, unless they are meant to have this one.',
    );
  const own = federated.some(isOurs);
  const named = providerName(facts.issuer);
  const near = federated.find((arn) => !isOurs(arn) && isNear(arn, named));
  if (!own && near !== undefined)
    add(
      'provider_arn',
      'closed',
      '.Principal.Federated',
      `The provider is ${describeValue(near)}, and it must end with ${ending} in the account of the role.`,
      'Copy the ARN of the corrected document: path, case and a slash at the end count.',
    );
  const concerns = own || near !== undefined;
  if (federated.some((arn) => !isOurs(arn) && arn !== near))
    add(
      'other_providers',
      'weak',
      '.Principal.Federated',
      'Another identity provider is named, whose tokens these conditions do not speak of.',
      'Give it a statement of its own, with conditions of its own.',
    );
  if (!concerns) return { findings, concerns, admits: false, replaced: false };

  const needed = [
    entry,
    ...(Object.keys(target.session_tags ?? {}).length > 0 ? ['sts:TagSession'] : []),
    ...(target.source_identity ? ['sts:SetSourceIdentity'] : []),
  ];
  const actions = stringsIn(statement.Action);
  const allows = (wanted: string) => actions.some((action) => matches(action, wanted));
  const lacking = needed.filter((action) => !allows(action));
  if (lacking.length > 0)
    add(
      lacking.includes(entry) ? 'action' : 'session_tags',
      'closed',
      '.Action',
      `${lacking.join(' and ')} is not allowed.`,
      'Add it to Action.',
    );
  if (actions.some((action) => action.includes('*')))
    add(
      'wildcard_action',
      'weak',
      '.Action',
      'A wildcard allows actions that are not needed.',
      'Name the actions.',
    );
  else if (actions.some((action) => !needed.includes(action)))
    add('extra_actions', 'untidy', '.Action', `Needed are ${needed.join(', ')}.`, 'Take out the others.');
  findings.push(...conditionFindings(facts, statement.Condition, `${where}.Condition`));
  const admits = own && !findings.some(({ severity }) => severity === 'closed');
  return { findings, concerns, admits, replaced: true };
}

/** The same host: the path or a slash was lost, the case changed, or it stands in another account. */
const isNear = (arn: string, name: string): boolean =>
  (/:oidc-provider\/([^/]*)/.exec(arn)?.[1] ?? '').toLowerCase() === name.split('/')[0]?.toLowerCase();

/** `*` and `?` as IAM reads them in an action, in any case. */
function matches(pattern: string, action: string): boolean {
  if (pattern.length > 200) return false;
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(action);
}
