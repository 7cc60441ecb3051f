/** Policy documents: parsing and checks that all types of policy share. */
import { isObject } from '../../jws.ts';
import { malformedPolicy } from '../fault.ts';
import { type Condition, parseOperator } from './conditions.ts';

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly conditions: readonly Condition[];
  /** The whole statement, for members that only one type of policy has. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const fieldNames = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

/** Throws MalformedPolicyDocument. */
export function parseStatements(document: string): readonly Statement[] {
  const policy = parseJson(document);
  if (!isObject(policy) || policy.Statement === undefined) throw syntax();
  if (!Object.keys(policy).every((name) => ['Version', 'Id', 'Statement'].includes(name))) throw syntax();
  if (!['2012-10-17', '2008-10-17', undefined].includes(policy.Version as string | undefined))
    throw malformedPolicy('The policy must contain a valid version string.');
  const statements: unknown[] = [policy.Statement].flat();
  if (statements.length === 0) throw syntax();
  const parsed = statements.map((statement) => parseStatement(statement, policy.Version === '2012-10-17'));
  checkSids(parsed);
  return parsed;
}

/** Letters and digits, unique in the document (user guide, "IAM JSON policy elements: Sid"). */
function checkSids(statements: readonly Statement[]): void {
  const sids = statements.flatMap(({ fields }) => (fields.Sid === undefined ? [] : [fields.Sid]));
  if (!sids.every((sid) => typeof sid === 'string' && /^[A-Za-z0-9]*$/.test(sid))) throw syntax();
  if (new Set(sids).size < sids.length)
    throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.');
}

function parseJson(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
}

function parseStatement(statement: unknown, hasVariables: boolean): Statement {
  if (!isObject(statement) || Object.keys(statement).some((name) => !fieldNames.includes(name)))
    throw syntax();
  const { Effect: effect, Action: action, Condition: condition } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') throw syntax();
  return {
    effect,
    actions: action === undefined ? [] : strings(action),
    conditions: condition === undefined ? [] : parseConditions(condition, hasVariables),
    fields: statement,
  };
}

function parseConditions(block: unknown, hasVariables: boolean): Condition[] {
  if (!isObject(block)) throw syntax();
  return Object.entries(block).flatMap(([operator, keys]) => {
    if (!parseOperator(operator)) throw malformedPolicy(`Invalid Condition type : ${operator}`);
    if (!isObject(keys)) throw syntax();
    return Object.entries(keys).map(([key, values]) => {
      if (!key.includes(':')) throw withoutVendor();
      return { operator, key, values: scalars(values), hasVariables };
    });
  });
}

export function strings(value: unknown): string[] {
  const list: unknown[] = [value].flat();
  if (!list.every((item) => typeof item === 'string')) throw syntax();
  return list;
}

/** In conditions, numbers and booleans need no quotes. */
function scalars(value: unknown): string[] {
  const list: unknown[] = [value].flat();
  return list.map((item) => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
      return String(item);
    throw syntax();
  });
}

export const withoutVendor = (): Error =>
  malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');

export const syntax = (): Error => malformedPolicy('Syntax errors in policy.');

/** White space does not count against the quotas. */
export const sizeOf = (document: string): number => document.replace(/\s/g, '').length;
