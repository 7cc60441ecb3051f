/** Intrinsic functions: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html */
import { isObject } from '../../jws.ts';
import { validationError } from '../fault.ts';
import { getAttParts, variable } from './references.ts';
import type { Json } from './resource-type.ts';

/** Resolves the names that a template refers to. */
export interface Scope {
  /** A parameter, pseudo parameter or created resource; `noValue` for AWS::NoValue. */
  ref(name: string): unknown;
  attribute(name: string, attribute: string): string;
  readonly conditions: Json;
  readonly mappings: Json;
}

/** Marks a property that is omitted. */
export const noValue = Symbol('AWS::NoValue');

/** Applies every intrinsic function. Throws ValidationError. */
export function evaluate(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => evaluate(item, scope)).filter((item) => item !== noValue);
  if (!isObject(value)) return value;
  const [name = '', ...others] = Object.keys(value);
  const apply = others.length === 0 && Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (apply) return apply(value[name], scope);
  if (others.length === 0 && name.startsWith('Fn::')) throw templateError(`unsupported function ${name}`);
  const members = Object.entries(value).map(([key, member]) => [key, evaluate(member, scope)] as const);
  return Object.fromEntries(members.filter(([, member]) => member !== noValue));
}

export function holds(condition: unknown, scope: Scope): boolean {
  if (!isObject(condition)) throw templateError('conditions must be objects with one function');
  const [[name, argument] = ['', undefined]] = Object.entries(condition);
  const terms: unknown[] = [argument].flat();
  switch (name) {
    case 'Condition':
      return namedCondition(argument, scope);
    case 'Fn::Equals': {
      const [left, right] = terms.map((term) => textOf(evaluate(term, scope)));
      return left === right;
    }
    case 'Fn::And':
      return terms.every((term) => holds(term, scope));
    case 'Fn::Or':
      return terms.some((term) => holds(term, scope));
    case 'Fn::Not':
      return !holds(terms[0], scope);
    default:
      throw templateError(`unsupported condition function ${name}`);
  }
}

export function namedCondition(name: unknown, scope: Scope): boolean {
  if (typeof name !== 'string' || !(name in scope.conditions))
    throw templateError(`unresolved condition dependency ${String(name as string)}`);
  return holds(scope.conditions[name], scope);
}

const functions: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: (name, scope) => scope.ref(textOf(name)),
  'Fn::GetAtt': (argument, scope) => scope.attribute(...getAttParts(argument)),
  'Fn::If'(argument, scope) {
    const [name, whenTrue, whenFalse, ...rest]: unknown[] = [argument].flat();
    if (whenFalse === undefined || rest.length > 0)
      throw templateError('Fn::If requires a list argument with three parameters');
    return evaluate(namedCondition(name, scope) ? whenTrue : whenFalse, scope);
  },
  'Fn::Join'(argument, scope) {
    const [separator, list] = Array.isArray(argument) ? argument : [];
    const items = evaluate(list, scope);
    if (typeof separator !== 'string' || !Array.isArray(items))
      throw templateError(
        'every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings',
      );
    return items.map(textOf).join(separator);
  },
  'Fn::Split'(argument, scope) {
    const [separator, text] = Array.isArray(argument) ? argument : [];
    return textOf(evaluate(text, scope)).split(textOf(separator));
  },
  'Fn::Select'(argument, scope) {
    const [index, list] = Array.isArray(argument) ? argument : [];
    const items = evaluate(list, scope);
    const item: unknown = Array.isArray(items) ? items[Number(textOf(evaluate(index, scope)))] : undefined;
    if (item === undefined) throw templateError('Fn::Select cannot select nonexistent value at index');
    return item;
  },
  'Fn::FindInMap'(argument, scope) {
    const names = [argument].flat().map((name: unknown) => textOf(evaluate(name, scope)));
    if (names.length !== 3)
      throw templateError(
        'every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value',
      );
    const found = names.reduce<unknown>(
      (at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
      scope.mappings,
    );
    if (found === undefined) throw templateError(`Unable to get mapping for ${names.join('::')}`);
    return found;
  },
  'Fn::Sub'(argument, scope) {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof text !== 'string' || !isObject(own))
      throw templateError("One or more Fn::Sub intrinsic functions don't specify expected arguments.");
    return text.replace(variable, (_whole, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      const key = name.trim();
      if (Object.hasOwn(own, key)) return textOf(evaluate(own[key], scope));
      return key.includes('.') && !key.includes('::')
        ? scope.attribute(...getAttParts(key))
        : textOf(scope.ref(key));
    });
  },
};

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw templateError('a string was expected');
}

const templateError = (message: string) => validationError(`Template error: ${message}`);
