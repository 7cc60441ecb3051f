/**
 * Evaluates the documented part of CEL (cel-spec, doc/langdef.md, and Google's "Attribute conditions"). What it does not know
 * evaluates to `unknown`, which only a false operand of `&&` or a true operand of `||` can absorb.
 */
import { type ASTNode, parse } from '@marcbachmann/cel-js';
import { call, method } from './cel-functions.ts';
import { withPlainLiterals } from './cel-literals.ts';
import { type CelMap, failure, Instant, unknown, type Value } from './cel-values.ts';

export type Expression = ASTNode;

/** Undefined if it cannot be parsed. */
export function parseCel(text: string): Expression | undefined {
  const plain = withPlainLiterals(text);
  try {
    return plain === undefined ? undefined : parse(plain).ast;
  } catch {
    return undefined;
  }
}

export function evaluate(node: Expression, variables: CelMap): Value {
  const value = (inner: Expression): Value => evaluate(inner, variables);
  const { op } = node;
  switch (op) {
    case 'value':
      return isKnown(node.args) ? (node.args as Value) : unknown;
    case 'id':
      return variables.get(node.args) ?? unknown;
    case 'list':
      return node.args.map(value);
    case '&&':
    case '||': {
      const absorbing = op === '||';
      const operands = node.args.map(value);
      if (operands.includes(absorbing)) return absorbing;
      if (operands.includes(unknown)) return unknown;
      return operands.every((operand) => operand === !absorbing) ? !absorbing : failure;
    }
    case '?:': {
      const [test, yes, no] = node.args;
      const outcome = value(test);
      if (outcome === unknown) return unknown;
      return typeof outcome === 'boolean' ? value(outcome ? yes : no) : failure;
    }
    case '!_':
      return strictly([value(node.args)], ([operand]) => (typeof operand === 'boolean' ? !operand : failure));
    case '-_':
      return strictly([value(node.args)], ([operand]) =>
        typeof operand === 'bigint' || typeof operand === 'number' ? -operand : failure,
      );
    case '.': {
      const [object, name] = node.args;
      return memberOf(value(object), name);
    }
    case '[]': {
      const [object, index] = node.args.map(value) as [Value, Value];
      return strictly([object, index], () => elementOf(object, index));
    }
    case 'in': {
      const [item, container] = node.args.map(value) as [Value, Value];
      return strictly([item], () => isIn(item, container));
    }
    case 'call': {
      const [name, args] = node.args;
      const [argument] = args;
      if (name === 'has')
        return argument?.op === '.' ? has(value(argument.args[0]), argument.args[1]) : unknown;
      return strictly(args.map(value), (values) => call(name, values));
    }
    case 'rcall': {
      const [name, receiver, args] = node.args;
      if (macros.has(name)) return unknown;
      return strictly([value(receiver), ...args.map(value)], ([object, ...values]) =>
        method(name, object ?? null, values),
      );
    }
    default:
      return 'args' in node && Array.isArray(node.args) && node.args.length === 2
        ? strictly((node.args as unknown as Expression[]).map(value), ([a, b]) =>
            binary(op, a ?? null, b ?? null),
          )
        : unknown;
  }
}

const macros = new Set(['exists', 'exists_one', 'all', 'map', 'filter', 'bind']);

const isKnown = (value: unknown): boolean =>
  value === null || ['string', 'boolean', 'bigint', 'number'].includes(typeof value);

/** The operation, unless an operand has no value or is unknown. */
function strictly(operands: readonly Value[], operation: (operands: readonly Value[]) => Value): Value {
  if (operands.includes(unknown)) return unknown;
  return operands.includes(failure) ? failure : operation(operands);
}

function memberOf(object: Value, name: string): Value {
  if (object === unknown || object === failure) return object;
  return object instanceof Map ? (object.get(name) ?? failure) : failure;
}

function elementOf(object: Value, index: Value): Value {
  if (Array.isArray(object)) return typeof index === 'bigint' ? (object[Number(index)] ?? failure) : failure;
  return typeof index === 'string' ? memberOf(object, index) : failure;
}

const has = (object: Value, name: string): Value => {
  if (object === unknown || object === failure) return object;
  return object instanceof Map ? object.has(name) : failure;
};

function isIn(item: Value, container: Value): Value {
  if (container === unknown || container === failure) return container;
  if (container instanceof Map) return typeof item === 'string' && container.has(item);
  if (!Array.isArray(container)) return failure;
  const results = container.map((element) => strictly([element], () => equal(item, element)));
  if (results.includes(true)) return true;
  return results.includes(unknown) ? unknown : results.includes(failure) ? failure : false;
}

function equal(a: Value, b: Value): Value {
  if (a instanceof Instant && b instanceof Instant) return a.time === b.time;
  const isNumeric = [a, b].every((value) => typeof value === 'bigint' || typeof value === 'number');
  if (isNumeric) return Number(a) === Number(b);
  // Google may reject a comparison of different types when the provider is created.
  if (typeof a !== typeof b || typeof a === 'object') return unknown;
  return a === b;
}

function binary(op: string, a: Value, b: Value): Value {
  if (op === '==') return equal(a, b);
  if (op === '!=') {
    const result = equal(a, b);
    return typeof result === 'boolean' ? !result : result;
  }
  if (op === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  if (op === '+' && Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (op === '+' && typeof a === 'bigint' && typeof b === 'bigint') return a + b;
  if (op === '-' && typeof a === 'bigint' && typeof b === 'bigint') return a - b;
  const [x, y] = [orderable(a), orderable(b)];
  if (x === undefined || y === undefined || typeof x !== typeof y) return unknown;
  if (op === '<') return x < y;
  if (op === '<=') return x <= y;
  if (op === '>') return x > y;
  return op === '>=' ? x >= y : unknown;
}

const orderable = (value: Value): string | number | undefined => {
  if (value instanceof Instant) return value.time;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
};
