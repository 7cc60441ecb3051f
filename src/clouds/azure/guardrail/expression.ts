/** Expressions of policy rules: `[if(equals(field('type'), 'x'), parameters('a')[0], '')]`. */

import { invalidRequest, type SojournError } from '../../../platform/errors/index.ts';

/** An expression or condition that this lint does not read; it is caught, and makes the verdict unknown. */
export const notRead = (what: string): SojournError =>
  invalidRequest([{ path: 'document', message: `cannot be read: ${what}` }]);

export interface Environment {
  /** Undefined for a field that the resource does not have. @throws {SojournError} for one whose value is not known */
  field(name: string): unknown;
  parameter(name: string): unknown;
}

const token = /\s*(?:'((?:[^']|'')*)'|(-?\d+)|([A-Za-z_]\w*)|([()[\].,]))/y;

/** The value of a string of a rule, which is an expression in brackets, or text. */
export function evaluate(value: unknown, environment: Environment): unknown {
  if (typeof value !== 'string' || !/^\[.*\]$/s.test(value)) return value;
  if (value.startsWith('[[')) return value.slice(1);
  const source = value.slice(1, -1);
  let position = 0;
  const peek = () => {
    token.lastIndex = position;
    return token.exec(source) ?? undefined;
  };
  const next = (mark?: string): RegExpExecArray => {
    const match = peek();
    if (!match || (mark !== undefined && match[4] !== mark)) throw notRead(value);
    position = token.lastIndex;
    return match;
  };

  const expression = (): unknown => {
    const [, text, number, name] = next();
    let result: unknown =
      text !== undefined ? text.replaceAll("''", "'") : number !== undefined ? Number(number) : call(name);
    for (;;) {
      const mark = peek()?.[4];
      if (mark === '[') {
        next('[');
        result = memberOf(result, expression());
        next(']');
      } else if (mark === '.') {
        next('.');
        result = memberOf(result, next()[3]);
      } else return result;
    }
  };
  const call = (name: string | undefined): unknown => {
    if (name === undefined) throw notRead(value);
    next('(');
    const args: unknown[] = [];
    while (peek()?.[4] !== ')') {
      if (args.length > 0) next(',');
      args.push(expression());
    }
    next(')');
    return apply(name.toLowerCase(), args, environment);
  };
  const result = expression();
  if (position < source.trimEnd().length) throw notRead(value);
  return result;
}

/** `if` evaluates both branches here, so a member that does not exist is undefined instead of an error. */
function memberOf(of: unknown, key: unknown): unknown {
  if (typeof of !== 'object' || of === null) return undefined;
  return (of as Readonly<Record<string, unknown>>)[String(key)];
}

const lower = (value: unknown): string => String(value).toLowerCase();

function apply(name: string, args: readonly unknown[], environment: Environment): unknown {
  const [a, b, c] = args;
  switch (name) {
    case 'field':
      return environment.field(String(a));
    case 'parameters':
      return environment.parameter(String(a));
    case 'if':
      return a === true ? b : c;
    case 'equals':
      return JSON.stringify(a) === JSON.stringify(b);
    case 'not':
      return a !== true;
    case 'and':
      return args.every((value) => value === true);
    case 'or':
      return args.some((value) => value === true);
    case 'greater':
      return Number(a) > Number(b);
    case 'greaterorequals':
      return Number(a) >= Number(b);
    case 'less':
      return Number(a) < Number(b);
    case 'lessorequals':
      return Number(a) <= Number(b);
    case 'length':
      return Array.isArray(a) || typeof a === 'string' ? a.length : 0;
    case 'empty':
      return a === undefined || a === '' || (Array.isArray(a) && a.length === 0);
    case 'split':
      return String(a ?? '').split(String(b));
    case 'first':
      return Array.isArray(a) ? a[0] : String(a).charAt(0);
    case 'last':
      return Array.isArray(a) ? a.at(-1) : String(a).slice(-1);
    case 'concat':
      return args.every(Array.isArray) ? args.flat() : args.map(String).join('');
    case 'tolower':
      return lower(a);
    case 'toupper':
      return String(a).toUpperCase();
    case 'startswith':
      return lower(a).startsWith(lower(b));
    case 'endswith':
      return lower(a).endsWith(lower(b));
    case 'contains':
      return Array.isArray(a) ? a.includes(b) : String(a).includes(String(b));
    case 'replace':
      return String(a).replaceAll(String(b), String(c));
    case 'createarray':
      return args;
    case 'true':
      return true;
    case 'false':
      return false;
  }
  throw notRead(name);
}
