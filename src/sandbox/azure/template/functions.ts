/** Template functions that depend only on their arguments. */
import { createHash } from 'node:crypto';
import { SojournError } from '../../../platform/errors/index.ts';
import { isObject, type Json, stringOf } from './json.ts';

type PureFunction = (...args: readonly Json[]) => Json;

export const templateFault = (detail: string): SojournError =>
  new SojournError('invalid_request', { detail });

export const string = (value: Json | undefined): string => {
  if (typeof value === 'string') return value;
  throw templateFault(`The template language expected a string and found '${JSON.stringify(value)}'.`);
};

const boolean = (value: Json): boolean => {
  if (typeof value === 'boolean') return value;
  throw templateFault(`The template language expected a boolean and found '${JSON.stringify(value)}'.`);
};

const isEmpty = (value: Json): boolean => {
  if (value === null) return true;
  if (typeof value === 'string' || Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
};

const lengthOf = (value: Json): number => {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw templateFault("The template function 'length' takes a string, an array or an object.");
};

/** Deep comparison, case-sensitive for strings, as in `equals`. */
const equal = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

function concat(...args: readonly Json[]): Json {
  if (args.every(Array.isArray)) return args.flat() as Json[];
  return args.map(stringOf).join('');
}

function format(pattern: Json = '', ...values: readonly Json[]): string {
  return string(pattern).replace(/\{\{|\}\}|\{(\d+)\}/g, (match, index?: string) => {
    if (index === undefined) return match.charAt(0);
    const value = values[Number(index)];
    if (value === undefined)
      throw templateFault(`The template function 'format' has no argument {${index}}.`);
    return stringOf(value);
  });
}

/** RFC 9562 section 5.5 (version 5) in the namespace that ARM uses for `guid`. */
function guid(...args: readonly Json[]): string {
  const namespace = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex');
  const hash = createHash('sha1')
    .update(namespace)
    .update(args.map(string).join('-'))
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Thirteen base 32 characters, like ARM's. ARM's hash is not published, so the value differs from Azure's. */
function uniqueString(...args: readonly Json[]): string {
  const hash = createHash('sha256').update(args.map(string).join('-')).digest();
  return Array.from(hash.subarray(0, 13), (byte) =>
    'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31),
  ).join('');
}

/** By name in lower case: function names are case-insensitive in ARM. */
export const pureFunctions: ReadonlyMap<string, PureFunction> = new Map<string, PureFunction>([
  ['concat', concat],
  ['format', format],
  ['guid', guid],
  ['uniquestring', uniqueString],
  ['tolower', (value = '') => string(value).toLowerCase()],
  ['toupper', (value = '') => string(value).toUpperCase()],
  ['trim', (value = '') => string(value).trim()],
  ['string', (value = null) => stringOf(value)],
  ['replace', (value = '', from = '', to = '') => string(value).replaceAll(string(from), string(to))],
  ['substring', (value = '', from = 0, length = null) => substring(string(value), from, length)],
  ['equals', (a = null, b = null) => equal(a, b)],
  ['not', (value = null) => !boolean(value)],
  ['and', (...values) => values.every(boolean)],
  ['or', (...values) => values.some(boolean)],
  ['empty', (value = null) => isEmpty(value)],
  ['length', (value = '') => lengthOf(value)],
  ['coalesce', (...values) => values.find((value) => value !== null) ?? null],
  ['createarray', (...values) => values],
  ['true', () => true],
  ['false', () => false],
  ['null', () => null],
]);

function substring(value: string, from: Json, length: Json): string {
  const start = Number(from);
  const end = length === null ? value.length : start + Number(length);
  if (start < 0 || end > value.length)
    throw templateFault(`The template function 'substring' reaches outside '${value}'.`);
  return value.slice(start, end);
}
