/** What IAM requires of a policy that grants permissions: an inline policy or a session policy. */
import { isJsonObject, type JsonObject } from '../lint.ts';
import { parseConditions } from './lint/document.ts';

/**
 * Why IAM rejects the policy (MalformedPolicyDocument), as predicates; empty if it accepts the policy.
 * Source: user guide, "Grammar of the IAM JSON policy language".
 */
export function faultsOfIdentityPolicy(policy: JsonObject): readonly string[] {
  const { Version, Statement, Id: _, ...others } = policy;
  const statements: readonly unknown[] = Statement === undefined ? [] : [Statement].flat();
  const faults = Object.keys(others).map((name) => `must not have the member ${name}`);
  if (!['2012-10-17', '2008-10-17', undefined].includes(Version as string | undefined))
    faults.push('must have the Version 2012-10-17');
  if (statements.length === 0) faults.push('must have a Statement');
  const sids = statements.flatMap((statement) =>
    isJsonObject(statement) && statement.Sid !== undefined ? [statement.Sid] : [],
  );
  if (new Set(sids).size < sids.length) faults.push('must not use a Sid twice');
  for (const [index, statement] of statements.entries())
    for (const fault of faultsOfStatement(statement))
      faults.push(`must be valid, but Statement[${index}] ${fault}`);
  return faults;
}

function faultsOfStatement(statement: unknown): readonly string[] {
  if (!isJsonObject(statement)) return ['is no object'];
  const { Sid, Effect, Action, NotAction, Resource, NotResource, Condition, ...others } = statement;
  const faults = Object.keys(others).map((name) => `has the member ${name}`);
  if (Sid !== undefined && !(typeof Sid === 'string' && /^[A-Za-z0-9]*$/.test(Sid)))
    faults.push('has a Sid with other characters than letters and digits');
  if (Effect !== 'Allow' && Effect !== 'Deny') faults.push('has an Effect that is neither Allow nor Deny');
  if (!isOneList(Action, NotAction, /^(\*|[\w-]+:[\w*?-]+)$/))
    faults.push('needs either Action or NotAction, with actions such as s3:GetObject');
  if (!isOneList(Resource, NotResource, /^(\*|arn:.*)$/s))
    faults.push('needs either Resource or NotResource, with ARNs or *');
  parseConditions(Condition, (path, detail) => faults.push(`has an invalid Condition${path}: ${detail}`));
  return faults;
}

/** Whether exactly one of the two is given, as a text or a list of texts of this form. */
function isOneList(list: unknown, notList: unknown, form: RegExp): boolean {
  if ((list === undefined) === (notList === undefined)) return false;
  const texts: readonly unknown[] = [list ?? notList].flat();
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && form.test(text));
}
