/** The `if` of a policy rule for one resource. Undefined: it depends on a part that is not read. */
import { SojournError } from '../../../platform/errors/index.ts';
import { isJsonObject } from '../../lint.ts';
import { compilePattern, matches } from '../../patterns.ts';
import { type Environment, evaluate, notRead } from './expression.ts';

/** Deeper than any published rule; a bound for the stack. */
const maxDepth = 50;

export function applies(condition: unknown, environment: Environment, depth = 0): boolean | undefined {
  if (!isJsonObject(condition) || depth > maxDepth) return undefined;
  const { allOf, anyOf, not } = condition;
  if (Array.isArray(allOf)) return every(allOf.map((item) => applies(item, environment, depth + 1)));
  if (Array.isArray(anyOf))
    return inverse(every(anyOf.map((item) => inverse(applies(item, environment, depth + 1)))));
  if (not !== undefined) return inverse(applies(not, environment, depth + 1));
  try {
    const [operator, operand] = operatorOf(condition);
    const test = tests[operator];
    if (!test) return undefined;
    const expected = evaluate(operand, environment);
    const list: unknown = Array.isArray(expected)
      ? expected.map((item) => evaluate(item, environment))
      : expected;
    const { name, value } = subjectOf(condition, environment);
    // `[*]`: each element must satisfy the condition.
    return name.endsWith('[*]') && Array.isArray(value)
      ? value.every((item) => test(item, list))
      : test(value, list);
  } catch (error) {
    if (error instanceof SojournError) return undefined;
    throw error;
  }
}

function subjectOf(
  { field, value, count }: Readonly<Record<string, unknown>>,
  environment: Environment,
): { readonly name: string; readonly value: unknown } {
  if (typeof field === 'string') return { name: field, value: environment.field(field) };
  if (value !== undefined) return { name: '', value: evaluate(value, environment) };
  if (!isJsonObject(count) || count.where !== undefined || count.value === undefined) throw notRead('count');
  const counted = evaluate(count.value, environment);
  return { name: '', value: Array.isArray(counted) ? counted.length : 0 };
}

function operatorOf(condition: Readonly<Record<string, unknown>>): readonly [string, unknown] {
  const [entry, ...more] = Object.entries(condition).filter(
    ([name]) => !['field', 'value', 'count'].includes(name),
  );
  if (!entry || more.length > 0) throw notRead('condition');
  return entry;
}

/** Azure Policy compares texts without case. */
const same = (a: unknown, b: unknown): boolean => String(a).toLowerCase() === String(b).toLowerCase();

const like = (value: unknown, pattern: unknown): boolean =>
  matches(
    compilePattern([String(pattern).replaceAll('?', '\u{fffd}')], { wildcards: true, ignoreCase: true }),
    String(value),
  );

const has = (value: unknown, part: unknown): boolean =>
  Array.isArray(value)
    ? value.some((item) => same(item, part))
    : String(value ?? '')
        .toLowerCase()
        .includes(String(part).toLowerCase());

const isIn = (value: unknown, list: unknown): boolean =>
  Array.isArray(list) && list.some((item) => same(value, item));

const tests: Readonly<Record<string, (value: unknown, operand: unknown) => boolean>> = {
  equals: same,
  notEquals: (value, operand) => !same(value, operand),
  like,
  notLike: (value, operand) => !like(value, operand),
  contains: has,
  notContains: (value, operand) => !has(value, operand),
  in: isIn,
  notIn: (value, operand) => !isIn(value, operand),
  exists: (value, operand) => (value !== undefined) === same(operand, true),
  greater: (value, operand) => Number(value) > Number(operand),
  greaterOrEquals: (value, operand) => Number(value) >= Number(operand),
  less: (value, operand) => Number(value) < Number(operand),
  lessOrEquals: (value, operand) => Number(value) <= Number(operand),
};

const inverse = (value: boolean | undefined): boolean | undefined =>
  value === undefined ? undefined : !value;

function every(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}
