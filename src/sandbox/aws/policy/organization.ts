/**
 * Policies of AWS Organizations. An SCP limits what principals of the account may do, an RCP who may use its roles; only the
 * statements of an RCP have a principal. Without any Allow, FullAWSAccess counts as attached.
 */
import type { Account } from '../accounts.ts';
import { accessDenied } from '../fault.ts';
import { holds } from './conditions.ts';
import { parseStatements, type Statement, strings } from './document.ts';
import { type Context, compile } from './pattern.ts';

interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}

/** The administrator whom the sandbox takes every signed call of an account for. */
const administratorOf = ({ id, partition }: Account): Context =>
  new Map([
    ['aws:principalaccount', [id]],
    ['aws:principalarn', [`arn:${partition}:iam::${id}:role/administrator`]],
    ['aws:principaltype', ['AssumedRole']],
    ['aws:principalisawsservice', ['false']],
    ['aws:securetransport', ['true']],
    ['aws:requestedregion', ['us-east-1']],
  ]);

/** Throws AccessDenied if an SCP of the account does not let its administrator do this. */
export function checkServiceControl(account: Account, action: string, resource: string): void {
  const scps = statementsOf(account).filter(({ fields }) => !('Principal' in fields));
  const verdict = judge(scps, { action, resource, context: administratorOf(account) });
  if (verdict)
    throw accessDenied(
      `User: arn:${account.partition}:sts::${account.id}:assumed-role/administrator/sandbox is not authorized to perform: ${action} on resource: ${resource} ${verdict('service control policy', action)}`,
    );
}

/** Why an RCP of the account of the role refuses the actions, as the end of the message; undefined if none does. */
export function resourceControlRefusal(
  account: Account,
  actions: readonly string[],
  { resource, context }: Pick<Request, 'resource' | 'context'>,
): string | undefined {
  const rcps = statementsOf(account).filter(({ fields }) => 'Principal' in fields);
  for (const action of actions) {
    const verdict = judge(rcps, { action, resource, context });
    if (verdict) return verdict('resource control policy', action);
  }
  return undefined;
}

const statementsOf = (account: Account): readonly Statement[] =>
  account.organizationPolicies().flatMap((document) => parseStatements(document));

type Verdict = (type: string, action: string) => string;

const explicit: Verdict = (type) => `with an explicit deny in a ${type}`;
const implicit: Verdict = (type, action) => `because no ${type} allows the ${action} action`;

/** The reason of a refusal; undefined if the policies let the request through. */
function judge(statements: readonly Statement[], request: Request): Verdict | undefined {
  const effective = statements.filter((statement) => concerns(statement, request));
  if (effective.some(({ effect }) => effect === 'Deny')) return explicit;
  const isAllowed =
    statements.every(({ effect }) => effect === 'Deny') || effective.some(({ effect }) => effect === 'Allow');
  return isAllowed ? undefined : implicit;
}

function concerns({ fields, conditions }: Statement, { action, resource, context }: Request): boolean {
  const listed = (name: string, text: string, flags: 'i' | '') =>
    strings(fields[name] ?? []).some((pattern) =>
      compile(pattern, context, { wildcards: true, flags })?.test(text),
    );
  const isNamed = (name: string, text: string, flags: 'i' | '') =>
    name in fields ? listed(name, text, flags) : !listed(`Not${name}`, text, flags);
  return (
    isNamed('Action', action, 'i') &&
    isNamed('Resource', resource, '') &&
    conditions.every((condition) => holds(condition, context))
  );
}
