/** Condition operators of IAM (user guide, "IAM JSON policy elements: Condition operators"). */
import { BlockList, isIP } from 'node:net';
import { compilePattern, matches, type Pattern } from '../../patterns.ts';

export interface Condition {
  readonly operator: Operator;
  /** As in the document; IAM compares keys without case. */
  readonly key: string;
  readonly values: readonly string[];
  /** Whether `${…}` in a value is a policy variable: since version 2012-10-17. Before, it is text. */
  readonly hasVariables: boolean;
  readonly path: string;
}

export interface Operator {
  readonly text: string;
  readonly set: 'ForAnyValue' | 'ForAllValues' | undefined;
  readonly base: string;
  readonly negated: boolean;
  readonly ifExists: boolean;
}

/** Lower-case key → values. A key that the request does not carry is missing. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/** Returns the value of a policy variable; undefined where `${…}` is text. */
type Resolve = ((variable: string) => string | undefined) | undefined;

type Comparison = 'less' | 'equal' | 'greater';
type Kind = 'exact' | 'like' | 'ignore_case' | 'boolean' | 'binary' | 'arn' | 'ip' | 'null';
const kinds = new Map<
  string,
  { kind: Kind | readonly ['number' | 'date', ...Comparison[]]; negated: boolean }
>();
function define(
  kind: Kind | readonly ['number' | 'date', ...Comparison[]],
  name: string,
  negation?: string,
): void {
  kinds.set(name, { kind, negated: false });
  if (negation) kinds.set(negation, { kind, negated: true });
}
define('exact', 'StringEquals', 'StringNotEquals');
define('ignore_case', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase');
define('like', 'StringLike', 'StringNotLike');
define('arn', 'ArnEquals', 'ArnNotEquals');
define('arn', 'ArnLike', 'ArnNotLike');
define('boolean', 'Bool');
define('binary', 'BinaryEquals');
define('ip', 'IpAddress', 'NotIpAddress');
define('null', 'Null');
for (const [name, type] of [
  ['Numeric', 'number'],
  ['Date', 'date'],
] as const) {
  define([type, 'equal'], `${name}Equals`, `${name}NotEquals`);
  define([type, 'less'], `${name}LessThan`);
  define([type, 'less', 'equal'], `${name}LessThanEquals`);
  define([type, 'greater'], `${name}GreaterThan`);
  define([type, 'greater', 'equal'], `${name}GreaterThanEquals`);
}

/** Undefined if IAM has no such operator. */
export function parseOperator(text: string): Operator | undefined {
  const [, set, base = '', ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(text) ?? [];
  const operator = kinds.get(base);
  if (!operator || (base === 'Null' && (ifExists || set))) return undefined;
  return { text, set: set as Operator['set'], base, negated: operator.negated, ifExists: Boolean(ifExists) };
}

export function holds(condition: Condition, context: RequestContext): boolean {
  const { operator, key, values } = condition;
  const actual = context.get(key.toLowerCase());
  if (operator.base === 'Null')
    return values.some((value) => (value.toLowerCase() === 'true') === (actual === undefined));
  if (actual === undefined) {
    if (operator.set) return operator.set === 'ForAllValues';
    return operator.ifExists || operator.negated;
  }
  const resolve = condition.hasVariables ? resolverOf(context) : undefined;
  const satisfies = (text: string): boolean => {
    const tests = values.map((value) => test(operator.base, value, text, resolve));
    return operator.negated ? tests.every((passes) => passes === false) : tests.includes(true);
  };
  const isEvery = operator.set === 'ForAllValues' || (operator.negated && !operator.set);
  return isEvery ? actual.every(satisfies) : actual.some(satisfies);
}

/** Undefined if the value in the policy cannot be read. */
function test(base: string, policy: string, actual: string, resolve: Resolve): boolean | undefined {
  const kind = kinds.get(base)?.kind ?? 'null';
  if (kind === 'ip') return addressMatches(policy, actual);
  if (kind === 'binary') return Buffer.from(policy, 'base64').toString() === actual;
  if (kind === 'boolean' && !/^(?:true|false)$/i.test(policy)) return undefined;
  if (typeof kind === 'object') return comparesAs(kind, policy, actual);
  if (kind === 'arn') {
    const [expected, parts] = [sixParts(policy), sixParts(actual)];
    const tests = expected.map((part, index) => {
      const pattern = patternFor('StringLike', part, resolve);
      return pattern && matches(pattern, parts[index] ?? '');
    });
    return tests.includes(undefined) ? undefined : expected.length === parts.length && !tests.includes(false);
  }
  const pattern = patternFor(base, policy, resolve);
  return pattern && matches(pattern, actual);
}

/** A wildcard does not match across the first five colons of an ARN. */
function sixParts(text: string): string[] {
  const parts = text.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** Undefined if a variable has no value, or if the operator does not compare texts. */
export function patternFor(base: string, value: string, resolve: Resolve): Pattern | undefined {
  const kind = kinds.get(base)?.kind;
  if (kind === 'arn') return value.includes(':') ? undefined : patternFor('StringLike', value, resolve);
  if (kind !== 'exact' && kind !== 'like' && kind !== 'ignore_case' && kind !== 'boolean') return undefined;
  const parts: string[] = [];
  for (const [index, part] of (resolve ? value.split(/\$\{([^}]*)\}/) : [value]).entries()) {
    const text = index % 2 === 0 ? part : resolve?.(part);
    if (text === undefined) return undefined;
    parts.push(text);
  }
  return compilePattern(parts, {
    wildcards: kind === 'like',
    ignoreCase: kind === 'ignore_case' || kind === 'boolean',
  });
}

/** The patterns of all conditions on a key. Variables have their value in this request. */
export const patternsOn = (
  conditions: readonly Condition[],
  key: string,
  context: RequestContext,
): readonly Pattern[] =>
  conditions
    .filter((condition) => condition.key.toLowerCase() === key.toLowerCase())
    .flatMap(({ operator, values, hasVariables }) =>
      values.flatMap(
        (value) => patternFor(operator.base, value, hasVariables ? resolverOf(context) : undefined) ?? [],
      ),
    );

/** `${*}`, `${?}` and `${$}` are characters; `${key, 'default'}` has a default. */
const resolverOf =
  (context: RequestContext) =>
  (variable: string): string | undefined => {
    if (/^[*?$]$/.test(variable)) return variable;
    const [, key = variable, otherwise] = /^([^,]*?)\s*(?:,\s*'(.*)'\s*)?$/.exec(variable) ?? [];
    const values = context.get(key.trim().toLowerCase());
    return values?.length === 1 ? values[0] : otherwise;
  };

function comparesAs(
  [type, ...accepted]: readonly ['number' | 'date', ...Comparison[]],
  policy: string,
  actual: string,
): boolean | undefined {
  const parse = type === 'number' ? toNumber : toTime;
  const [limit, value] = [parse(policy), parse(actual)];
  if (limit === undefined) return undefined;
  if (value === undefined) return false;
  return accepted.includes(value < limit ? 'less' : value > limit ? 'greater' : 'equal');
}

const toNumber = (text: string): number | undefined =>
  /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;

const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** ISO 8601 or seconds since the epoch, in milliseconds. */
export function toTime(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  return isoTime.test(text) ? Date.parse(text) : undefined;
}

export function addressMatches(network: string, address: string): boolean | undefined {
  const [base = '', prefix] = network.split('/');
  const [bits, family] = isIP(base) === 6 ? ([128, 'ipv6'] as const) : ([32, 'ipv4'] as const);
  const length = Number(prefix ?? bits);
  if (!isIP(base) || !/^\d+$/.test(prefix ?? '0') || length > bits) return undefined;
  if (!isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(base, length, family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
