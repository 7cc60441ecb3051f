/** Condition operators: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
import { BlockList, isIP } from 'node:net';
import { type Context, compile } from './pattern.ts';

export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
  /** Policy variables exist since version 2012-10-17; before, `${…}` is text. */
  readonly hasVariables: boolean;
}

/** Whether a value of the request satisfies a value of the policy; undefined if the policy's value cannot be read. */
type Test = (policy: string, actual: string, variables: Context | undefined) => boolean | undefined;

const matching =
  (options: Parameters<typeof compile>[2]): Test =>
  (policy, actual, context) =>
    compile(policy, context, options)?.test(actual);

const comparing =
  (parse: (text: string) => number, compare: (actual: number, policy: number) => boolean): Test =>
  (policy, actual) => {
    const limit = parse(policy);
    return Number.isNaN(limit) ? undefined : compare(parse(actual), limit);
  };

/** Seconds since the epoch, or ISO 8601; `Date.parse` alone would read almost any text. */
const toTime = (text: string): number => {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  return /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
};

/** `Number` alone would read an empty text as 0. */
const toNumber = (text: string): number => (/^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);

/** Compares each of the six parts separately, so that a wildcard does not match across a colon. */
const arn: Test = (policy, actual, context) => {
  const [expected, parts] = [sixParts(policy), sixParts(actual)];
  const tests = expected.map((part, index) =>
    compile(part, context, { wildcards: true })?.test(parts[index] ?? ''),
  );
  return tests.includes(undefined) ? undefined : parts.length === expected.length && !tests.includes(false);
};

function sixParts(text: string): string[] {
  const parts = text.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

const address: Test = (policy, actual) => {
  const [network = '', prefix] = policy.split('/');
  const [family, bits] = isIP(network) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
  const length = /^\d+$/.test(prefix ?? '0') ? Number(prefix ?? bits) : Number.NaN;
  if (!isIP(network) || !isIP(actual) || !(length <= bits)) return undefined;
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return list.check(actual, isIP(actual) === 6 ? 'ipv6' : 'ipv4');
};

/** AWS documents it for true and false only. */
const boolean: Test = (policy, actual) =>
  /^(?:true|false)$/i.test(policy) ? policy.toLowerCase() === actual.toLowerCase() : undefined;

/** The value in the policy is in base64. */
const binary: Test = (policy, actual) => Buffer.from(policy, 'base64').equals(Buffer.from(actual));

const equals = matching({ wildcards: false });
const like = matching({ wildcards: true });
const ignoreCase = matching({ wildcards: false, flags: 'i' });
const less = (a: number, b: number) => a < b;
const lessOrEqual = (a: number, b: number) => a <= b;
const same = (a: number, b: number) => a === b;

/** A negated operator requires that no value of the policy matches. */
const operators = new Map<string, { readonly test: Test; readonly negated: boolean }>();
function define(test: Test, name: string, negatedName?: string): void {
  operators.set(name, { test, negated: false });
  if (negatedName) operators.set(negatedName, { test, negated: true });
}
define(equals, 'StringEquals', 'StringNotEquals');
define(ignoreCase, 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase');
define(like, 'StringLike', 'StringNotLike');
define(arn, 'ArnEquals', 'ArnNotEquals');
define(arn, 'ArnLike', 'ArnNotLike');
define(boolean, 'Bool');
define(binary, 'BinaryEquals');
define(address, 'IpAddress', 'NotIpAddress');
for (const [kind, parse] of [
  ['Numeric', toNumber],
  ['Date', toTime],
] as const) {
  define(comparing(parse, same), `${kind}Equals`, `${kind}NotEquals`);
  define(comparing(parse, less), `${kind}LessThan`);
  define(comparing(parse, lessOrEqual), `${kind}LessThanEquals`);
  define(
    comparing(parse, (a, b) => a > b),
    `${kind}GreaterThan`,
  );
  define(
    comparing(parse, (a, b) => a >= b),
    `${kind}GreaterThanEquals`,
  );
}

const form = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/;

export interface Operator {
  readonly set: 'ForAnyValue' | 'ForAllValues' | undefined;
  readonly name: string;
  readonly ifExists: boolean;
}

/** Undefined if IAM has no such operator. */
export function parseOperator(text: string): Operator | undefined {
  const [, set, name = '', ifExists] = form.exec(text) ?? [];
  if (!operators.has(name) && !(name === 'Null' && !ifExists)) return undefined;
  return { set: set as Operator['set'], name, ifExists: ifExists !== undefined };
}

export function holds(condition: Condition, context: Context): boolean {
  const operator = parseOperator(condition.operator);
  if (!operator) return false;
  const actual = context.get(condition.key.toLowerCase());
  if (operator.name === 'Null')
    return condition.values.some((value) => (value.toLowerCase() === 'true') === (actual === undefined));
  const rule = operators.get(operator.name);
  if (!rule) return false;
  if (actual === undefined) {
    if (operator.set) return operator.set === 'ForAllValues';
    return operator.ifExists || rule.negated;
  }
  const variables = condition.hasVariables ? context : undefined;
  const satisfies = (value: string): boolean => {
    const tests = condition.values.map((policy) => rule.test(policy, value, variables));
    if (rule.negated) return !tests.includes(true) && !tests.includes(undefined);
    return tests.includes(true);
  };
  if (operator.set === 'ForAllValues' || (rule.negated && !operator.set)) return actual.every(satisfies);
  return actual.some(satisfies);
}
