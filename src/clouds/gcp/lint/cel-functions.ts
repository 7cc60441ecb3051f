/** Functions of CEL that Google documents for attribute mappings and conditions. */
import { failure, Instant, unknown, type Value } from './cel-values.ts';

export function call(name: string, [value = null]: readonly Value[]): Value {
  switch (name) {
    case 'size':
      return sizeOf(value);
    case 'string':
      return typeof value === 'string' || typeof value === 'bigint' ? String(value) : unknown;
    case 'int':
      return typeof value === 'bigint'
        ? value
        : typeof value === 'string' && /^-?\d+$/.test(value)
          ? BigInt(value)
          : unknown;
    case 'timestamp': {
      if (typeof value !== 'string') return unknown;
      const time = Date.parse(value);
      return Number.isNaN(time) ? failure : new Instant(time);
    }
    default:
      return unknown;
  }
}

/** A Map keeps the names of built-in members of objects out. */
const ofText = new Map<string, (text: string, args: readonly Value[]) => Value>([
  ['contains', (text, [part]) => (typeof part === 'string' ? text.includes(part) : failure)],
  ['startsWith', (text, [part]) => (typeof part === 'string' ? text.startsWith(part) : failure)],
  ['endsWith', (text, [part]) => (typeof part === 'string' ? text.endsWith(part) : failure)],
  ['size', (text) => sizeOf(text)],
  ['lowerAscii', (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())],
  ['upperAscii', (text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase())],
  ['trim', (text) => text.trim()],
  [
    'split',
    (text, [by, limit]) => (typeof by === 'string' && limit === undefined ? text.split(by) : unknown),
  ],
  ['extract', (text, [template]) => (typeof template === 'string' ? extract(text, template) : failure)],
  ['matches', (text, [pattern]) => (typeof pattern === 'string' ? matches(text, pattern) : failure)],
  ['indexOf', (text, [part]) => (typeof part === 'string' ? BigInt(text.indexOf(part)) : failure)],
  ['substring', (text, [start, end]) => substring(text, start, end)],
]);

export function method(name: string, object: Value, args: readonly Value[]): Value {
  if (typeof object === 'string') return ofText.get(name)?.(object, args) ?? unknown;
  if (Array.isArray(object) && name === 'size') return sizeOf(object);
  if (Array.isArray(object) && name === 'join' && object.every((item) => typeof item === 'string'))
    return object.join(typeof args[0] === 'string' ? args[0] : '');
  return unknown;
}

function sizeOf(value: Value): Value {
  if (typeof value === 'string') return BigInt([...value].length);
  return Array.isArray(value) ? BigInt(value.length) : unknown;
}

/** Google's function: `'a/b/c'.extract('a/{x}/c')` is `b`; empty if the surrounding text does not match. */
function extract(text: string, template: string): Value {
  const [, prefix, suffix] = /^(.*?)\{\w+\}(.*)$/s.exec(template) ?? [];
  if (prefix === undefined || suffix === undefined || !text.includes(prefix)) return '';
  const rest = text.slice(text.indexOf(prefix) + prefix.length);
  if (suffix === '') return rest;
  return rest.includes(suffix) ? rest.slice(0, rest.indexOf(suffix)) : '';
}

/** Google uses RE2; only patterns that mean the same in JavaScript and take linear time are evaluated. */
const matches = (text: string, pattern: string): Value =>
  pattern.length <= 300 &&
  /^\^?(?:[\w\-:/@ =]|\.\*?|\[[\w\- ]+\][+*]?)*\$?$/.test(pattern) &&
  (pattern.match(/[*+]/g) ?? []).length <= 3
    ? new RegExp(pattern, 'u').test(text)
    : unknown;

function substring(text: string, start: Value | undefined, end: Value | undefined): Value {
  if (typeof start !== 'bigint' || (end !== undefined && typeof end !== 'bigint')) return failure;
  const [from, to] = [Number(start), end === undefined ? text.length : Number(end)];
  return from < 0 || to > text.length || from > to ? failure : text.slice(from, to);
}
