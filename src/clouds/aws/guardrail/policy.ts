/** A policy of AWS Organizations as AWS reads it, and which request a statement covers. */
import { describeValue, isJsonObject, type JsonObject } from '../../lint.ts';
import { compilePattern, matches } from '../../patterns.ts';
import { parseConditions } from '../lint/document.ts';
import { isUnderstood } from '../lint/keys.ts';
import { type Condition, holds } from '../lint/operators.ts';
import type { Attempt } from './attempts.ts';

export interface PolicyStatement {
  readonly path: string;
  readonly index: number;
  readonly fields: JsonObject;
  readonly effect: 'Allow' | 'Deny';
  readonly conditions: readonly Condition[];
}

interface Fault {
  readonly path: string;
  readonly detail: string;
}

const members = ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

export function parsePolicy(policy: JsonObject): {
  readonly statements: readonly PolicyStatement[];
  readonly faults: readonly Fault[];
} {
  const faults: Fault[] = [];
  const hasVariables = policy.Version === '2012-10-17';
  const list: readonly unknown[] = [policy.Statement].flat();
  const statements = list.map((item, index) => {
    const fields = isJsonObject(item) ? item : {};
    const path = `Statement[${index}]`;
    const add = (subpath: string, detail: string) => faults.push({ path: `${path}${subpath}`, detail });
    for (const name of Object.keys(fields))
      if (!members.includes(name)) add(`.${name}`, `must not be there: the policy has no such member`);
    const { Effect, Principal } = fields;
    if (Effect !== 'Allow' && Effect !== 'Deny')
      add('.Effect', `${describeValue(Effect)} is neither Allow nor Deny`);
    if (Principal !== undefined && Principal !== '*' && !(isJsonObject(Principal) && Principal.AWS === '*'))
      add('.Principal', 'must be "*" in a resource control policy');
    for (const name of ['Action', 'Resource'])
      if (!textsOf(fields[name] ?? fields[`Not${name}`])?.length)
        add(`.${name}`, 'must be a text or a list of texts');
    const conditions = parseConditions(fields.Condition, (subpath, detail) =>
      add(`.Condition${subpath}`, detail),
    ).map((condition) => ({
      ...condition,
      hasVariables,
      path: `${path}.Condition.${condition.operator.text}`,
    }));
    return { path, index, fields, effect: Effect as 'Allow' | 'Deny', conditions };
  });
  return { statements, faults };
}

export const textsOf = (value: unknown): readonly string[] | undefined => {
  const list: readonly unknown[] = [value].flat();
  return list.every((item) => typeof item === 'string') ? list : undefined;
};

/** Whether action and resource match, whatever the conditions. */
function names({ fields }: PolicyStatement, { action, resource }: Attempt): boolean {
  const matchesOne = (value: unknown, text: string, ignoreCase: boolean) =>
    (textsOf(value) ?? []).some((pattern) =>
      matches(compilePattern([pattern], { wildcards: true, ignoreCase }), text),
    );
  const covered = (name: string, text: string, ignoreCase: boolean) =>
    name in fields
      ? matchesOne(fields[name], text, ignoreCase)
      : !matchesOne(fields[`Not${name}`], text, ignoreCase);
  return covered('Action', action, true) && covered('Resource', resource, false);
}

export const covers = (statement: PolicyStatement, attempt: Attempt): boolean =>
  names(statement, attempt) && statement.conditions.every((condition) => holds(condition, attempt.context));

/** Keys of signed requests of an administrator, whose values are assumed. */
const administratorKeys =
  /^aws:(principal(arn|account|tag\/.+|isawsservice)|viaawsservice|requestedregion)$/i;

/** A Deny that names one of the requests, and whose condition cannot be judged here. */
export const isUnread = (statement: PolicyStatement, attempts: readonly Attempt[], issuer: string): boolean =>
  statement.effect === 'Deny' &&
  attempts.some((attempt) => names(statement, attempt)) &&
  statement.conditions.some(
    (condition) => !isUnderstood(condition, issuer) && !administratorKeys.test(condition.key),
  );
