/** Role trust policies: which documents IAM accepts, and which callers a document admits. */
import { isObject } from '../../jws.ts';
import { limitExceeded, malformedPolicy } from '../fault.ts';
import { holds } from './conditions.ts';
import { parseStatements, type Statement, sizeOf, strings, syntax } from './document.ts';
import { type Context, compile } from './pattern.ts';
import { checkPrincipal, type RoleExists } from './principal.ts';
import { checkSharedIssuer } from './shared-issuers.ts';

/** The default quota; AWS can raise it. */
const maxSize = 2048;

const webIdentity = 'sts:AssumeRoleWithWebIdentity';

const trustActions = [
  webIdentity,
  'sts:AssumeRole',
  'sts:AssumeRoleWithSAML',
  'sts:TagSession',
  'sts:SetSourceIdentity',
  'sts:SetContext',
];

/**
 * Throws MalformedPolicyDocument or LimitExceeded.
 * @param roleExists whether the role of an ARN exists, in any account; by default, every role does
 */
export function checkTrustPolicy(document: string, roleExists: RoleExists = () => true): void {
  for (const statement of parseStatements(document)) {
    const { fields, actions, conditions, effect } = statement;
    for (const name of ['Resource', 'NotResource', 'NotPrincipal'])
      if (name in fields) throw malformedPolicy(`Has prohibited field ${name}`);
    if (!('Principal' in fields)) throw malformedPolicy('Missing required field Principal');
    if (actions.length === 0 && !('NotAction' in fields))
      throw malformedPolicy('Missing required field Action');
    if ('NotAction' in fields || !actions.every(isTrustAction))
      throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.');
    checkPrincipal(fields.Principal, roleExists);
    for (const principal of federated(statement)) {
      if (effect === 'Allow' && allows(actions, webIdentity)) checkSharedIssuer(principal, conditions);
    }
  }
  if (sizeOf(document) > maxSize) throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${maxSize}`);
}

/** Recorded: `STS:assumerolewithwebidentity` is rejected, so only here the case matters. */
function isTrustAction(action: string): boolean {
  const pattern = compile(action, new Map(), { wildcards: true });
  return action.startsWith('sts:') && trustActions.some((known) => pattern?.test(known));
}

const allows = (actions: readonly string[], requested: string): boolean =>
  actions.some((action) => compile(action, new Map(), { wildcards: true, flags: 'i' })?.test(requested));

function federated({ fields: { Principal: principal } }: Statement): string[] {
  if (principal === '*') return [];
  if (!isObject(principal)) throw syntax();
  return principal.Federated === undefined ? [] : strings(principal.Federated);
}

/** Recorded: a principal `"AWS": "*"` does not admit a web identity; it can only deny one. */
function appliesTo(statement: Statement, provider: string): boolean {
  if (federated(statement).includes(provider)) return true;
  const { Principal: principal } = statement.fields;
  const isAnyPrincipal = principal === '*' || (isObject(principal) && [principal.AWS].flat().includes('*'));
  return statement.effect === 'Deny' && isAnyPrincipal;
}

interface WebIdentity {
  /** The ARN of its provider. */
  readonly provider: string;
  readonly actions: readonly string[];
  readonly context: Context;
}

export const admits = (document: string, caller: WebIdentity): boolean =>
  statementsAdmit(parseStatements(document), caller);

/** Whether the trust policy allows the provider all of the actions; a Deny overrides every Allow. */
export function statementsAdmit(
  statements: readonly Statement[],
  { provider, actions, context }: WebIdentity,
): boolean {
  const effective = statements.filter(
    (statement) =>
      appliesTo(statement, provider) && statement.conditions.every((condition) => holds(condition, context)),
  );
  return actions.every((action) => {
    const effects = effective
      .filter((statement) => allows(statement.actions, action))
      .map(({ effect }) => effect);
    return effects.includes('Allow') && !effects.includes('Deny');
  });
}
