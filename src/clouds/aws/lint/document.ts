/** A trust policy as IAM reads it: every member is either in this model or among the faults for which IAM rejects it. */
import { describeValue, isJsonObject, type JsonObject } from '../../lint.ts';
import { compilePattern, matches } from '../../patterns.ts';
import { type Condition, parseOperator } from './operators.ts';
import { type Principal, parsePrincipal } from './principals.ts';
import { untestedKeys } from './shared-issuers.ts';

export interface TrustDocument {
  readonly statements: readonly Statement[];
  readonly faults: readonly Fault[];
}

export interface Statement {
  readonly path: string;
  readonly fields: JsonObject;
  /** Undefined for any other value: IAM rejects the statement. */
  readonly effect: 'Allow' | 'Deny' | undefined;
  readonly principals: readonly Principal[];
  readonly actions: readonly string[];
  readonly conditions: readonly Condition[];
  readonly faults: readonly Fault[];
}

/** Why IAM rejects the document (MalformedPolicyDocument). */
export interface Fault {
  readonly path: string;
  readonly detail: string;
  readonly advice: string;
}

/** IAM's default quota for a trust policy, without white space. AWS can raise it to 8,192. */
export const maxSize = 2048;

export const sizeOf = (policy: unknown): number => JSON.stringify(policy).replace(/\s/g, '').length;

const trustActions = [
  'sts:AssumeRoleWithWebIdentity',
  'sts:AssumeRole',
  'sts:AssumeRoleWithSAML',
  'sts:TagSession',
  'sts:SetSourceIdentity',
  'sts:SetContext',
];

export function parseTrustPolicy(policy: JsonObject): TrustDocument {
  const faults: Fault[] = [];
  const add = (path: string, detail: string, advice: string) => faults.push({ path, detail, advice });
  for (const name of Object.keys(policy))
    if (!['Version', 'Id', 'Statement'].includes(name))
      add(name, `A policy has no member ${describeValue(name)}.`, 'Remove it.');
  if (!['2012-10-17', '2008-10-17', undefined].includes(policy.Version as string | undefined))
    add('Version', `There is no version ${describeValue(policy.Version)}.`, 'Write 2012-10-17.');
  const hasVariables = policy.Version === '2012-10-17';
  const list: readonly unknown[] = [policy.Statement].flat();
  const statements = list.map((statement, index) =>
    parseStatement(isJsonObject(statement) ? statement : {}, `Statement[${index}]`, hasVariables),
  );
  const sids = statements.map(({ fields }) => fields.Sid).filter((sid) => sid !== undefined);
  const repeated = sids.find((sid, index) => sids.indexOf(sid) < index);
  if (repeated !== undefined)
    add('Statement', `The Sid ${describeValue(repeated)} is used twice.`, 'Give each statement its own Sid.');
  return { statements, faults: [...faults, ...statements.flatMap((statement) => statement.faults)] };
}

function parseStatement(fields: JsonObject, path: string, hasVariables: boolean): Statement {
  const faults: Fault[] = [];
  const add = (subpath: string, detail: string, advice: string) =>
    faults.push({ path: `${path}${subpath}`, detail, advice });
  for (const name of Object.keys(fields))
    if (!['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition'].includes(name))
      add(`.${describeValue(name)}`, `A trust policy has no member ${describeValue(name)}.`, 'Remove it.');
  const { Sid, Effect, Principal, Action, Condition } = fields;
  if (Sid !== undefined && !(typeof Sid === 'string' && /^[A-Za-z0-9]*$/.test(Sid)))
    add('.Sid', `${describeValue(Sid)} has other characters than letters and digits.`, 'Remove them.');
  const effect = Effect === 'Allow' || Effect === 'Deny' ? Effect : undefined;
  if (!effect) add('.Effect', `${describeValue(Effect)} is neither Allow nor Deny.`, 'Write Allow or Deny.');
  const principals = parsePrincipal(Principal);
  for (const { kind, value } of principals)
    if (kind === 'invalid')
      add(
        '.Principal',
        `IAM knows no principal ${describeValue(value)}.`,
        'Write its ARN, account or service.',
      );
  if (principals.length === 0 && !('NotPrincipal' in fields))
    add('.Principal', 'The statement names no principal.', 'Name one.');
  for (const name of ['NotPrincipal', 'NotAction'])
    if (name in fields && effect !== 'Allow')
      add(`.${name}`, `A trust policy may not contain ${name}.`, 'Name what it applies to.');
  const actions = textsOf(Action);
  if (!('NotAction' in fields) && !(actions?.length && actions.every(isTrustAction)))
    add(
      '.Action',
      `${describeValue(Action)} is no action of a trust policy. Upper and lower case matter.`,
      'Write sts:AssumeRoleWithWebIdentity.',
    );
  const conditions = parseConditions(Condition, (subpath, detail, advice) =>
    add(`.Condition${subpath}`, detail, advice),
  ).map((condition) => ({
    ...condition,
    hasVariables,
    path: `${path}.Condition.${condition.operator.text}`,
  }));
  for (const { kind, value } of principals) {
    const isAllowed = effect === 'Allow' && allowsAction(actions ?? [], 'sts:AssumeRoleWithWebIdentity');
    const keys = kind === 'federated' && isAllowed ? untestedKeys(value, conditions) : undefined;
    if (keys !== undefined)
      add(
        '.Condition',
        `Many customers share ${describeValue(value)}: IAM requires a test of ${keys}.`,
        `Test ${keys}.`,
      );
  }
  return { path, fields, effect, principals, actions: actions ?? [], conditions, faults };
}

/** @param add receives the path below `Condition`, what is wrong, and what to write instead */
export function parseConditions(
  block: unknown,
  add: (...fault: [string, string, string]) => void,
): Pick<Condition, 'operator' | 'key' | 'values'>[] {
  if (block === undefined) return [];
  if (!isJsonObject(block)) {
    add('', 'It is no object.', 'Write {"StringEquals": {KEY: VALUE}}.');
    return [];
  }
  return Object.entries(block).flatMap(([text, keys]) => {
    const operator = parseOperator(text);
    if (!operator || !isJsonObject(keys)) {
      add(`.${describeValue(text)}`, `IAM knows no such condition.`, 'Write {"StringEquals": {KEY: VALUE}}.');
      return [];
    }
    return Object.entries(keys).flatMap(([key, value]) => {
      const values = scalarsOf(value);
      if (!values || !/^[^:]+:./s.test(key)) {
        add(
          `.${text}`,
          values ? `The key ${describeValue(key)} has no prefix.` : `${describeValue(value)} is no value.`,
          'Write {"StringEquals": {KEY: VALUE}}.',
        );
        return [];
      }
      return [{ operator, key, values }];
    });
  });
}

const textsOf = (value: unknown): readonly string[] | undefined => {
  const list: readonly unknown[] = [value].flat();
  return list.every((item) => typeof item === 'string') ? list : undefined;
};

/** In conditions, numbers and booleans need no quotes. */
const scalarsOf = (value: unknown): readonly string[] | undefined => {
  const list: readonly unknown[] = [value].flat();
  const isScalar = list.every((item) => ['string', 'number', 'boolean'].includes(typeof item));
  return isScalar ? list.map(String) : undefined;
};

/** Recorded: IAM rejects `STS:assumerolewithwebidentity`, so here the case matters; STS ignores it. */
const isTrustAction = (action: string): boolean =>
  action.startsWith('sts:') && trustActions.some((known) => actionMatches(action, known, false));

export const allowsAction = (actions: readonly string[], requested: string): boolean =>
  actions.some((action) => actionMatches(action, requested, true));

const actionMatches = (pattern: string, action: string, ignoreCase: boolean): boolean =>
  matches(compilePattern([pattern], { wildcards: true, ignoreCase }), action);
