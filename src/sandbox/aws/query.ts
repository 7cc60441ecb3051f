/** The parameters of a Query call, read against their constraints; every broken one is told at once, as AWS does. */
import { validationError } from './fault.ts';

/** Flat names as they are sent: `Tags.member.1.Key`. */
export type Params = ReadonlyMap<string, string>;

interface Length {
  readonly min?: number;
  readonly max?: number;
}

interface TextLimits extends Length {
  readonly pattern?: RegExp;
  /** AWS does not repeat the value of a secret. */
  readonly secret?: boolean;
}

type Report = (value: string | null | undefined, constraint: string) => void;

/** Reads one parameter; tells `report` what is wrong with it. */
export type Rule<T> = (params: Params, name: string, report: Report) => T;

type Shape = Readonly<Record<string, Rule<unknown>>>;
type Read<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

export function read<S extends Shape>(params: Params, shape: S): Read<S> {
  const wrong: string[] = [];
  const values = Object.entries(shape).map(([name, rule]) => {
    const member = name[0]?.toLowerCase() + name.slice(1);
    const report: Report = (value, constraint) => {
      const shown = value === undefined ? 'Value' : `Value ${value === null ? 'null' : `'${value}'`}`;
      wrong.push(`${shown} at '${member}' failed to satisfy constraint: ${constraint}`);
    };
    return [name, rule(params, name, report)] as const;
  });
  if (wrong.length === 0) return Object.fromEntries(values) as Read<S>;
  const count = wrong.length === 1 ? '1 validation error' : `${wrong.length} validation errors`;
  throw validationError(`${count} detected: ${wrong.join('; ')}`);
}

export const text =
  (limits: TextLimits = {}): Rule<string> =>
  (params, name, report) => {
    const value = params.get(name);
    if (value === undefined) report(null, 'Member must not be null');
    else checkText(value, limits, report);
    return value ?? '';
  };

export const optionalText =
  (limits: TextLimits = {}): Rule<string | undefined> =>
  (params, name, report) => {
    const value = params.get(name);
    if (value !== undefined) checkText(value, limits, report);
    return value;
  };

export const optionalInteger =
  ({ min, max }: { readonly min: number; readonly max: number }): Rule<number | undefined> =>
  (params, name, report) => {
    const value = params.get(name);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,9}$/.test(value)) throw malformedInput();
    if (Number(value) < min) report(value, `Member must have value greater than or equal to ${min}`);
    if (Number(value) > max) report(value, `Member must have value less than or equal to ${max}`);
    return Number(value);
  };

export const texts =
  ({ max, item = {} }: { readonly max?: number; readonly item?: Length } = {}): Rule<readonly string[]> =>
  (params, name, report) => {
    const values = members(params, name).map((prefix) => params.get(prefix) ?? '');
    const shown = `[${values.join(', ')}]`;
    if (max !== undefined && values.length > max)
      report(shown, `Member must have length less than or equal to ${max}`);
    if (values.some((value) => !fits(value, item)))
      report(shown, `Member must satisfy constraint: [${describe(item)}]`);
    return values;
  };

/** A list of structures, each handed over as the map of its own fields. */
export const records: Rule<readonly Params[]> = (params, name) =>
  members(params, name).map((prefix) => {
    const own = [...params].filter(([key]) => key.startsWith(`${prefix}.`));
    return new Map(own.map(([key, value]) => [key.slice(prefix.length + 1), value]));
  });

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const tags: Rule<readonly Tag[]> = (params, name, report) => {
  const list = records(params, name, report);
  if (list.length > 50) report(`${list.length} tags`, 'Member must have length less than or equal to 50');
  return list.map((tag, index) => {
    const [key, value] = [tag.get('Key') ?? '', tag.get('Value') ?? ''];
    const tell: Report = (shown, constraint) => report(shown, `tag ${index + 1}: ${constraint}`);
    checkText(key, { min: 1, max: 128 }, tell);
    checkText(value, { max: 256 }, tell);
    return { Key: key, Value: value };
  });
};

function checkText(value: string, { pattern, secret = false, ...length }: TextLimits, report: Report): void {
  const shown = secret ? undefined : value;
  for (const constraint of broken(value, length)) report(shown, constraint);
  if (pattern && !new RegExp(`^(?:${pattern.source})$`, 'u').test(value))
    report(shown, `Member must satisfy regular expression pattern: ${pattern.source}`);
}

const atMost = (max: number) => `Member must have length less than or equal to ${max}`;
const atLeast = (min: number) => `Member must have length greater than or equal to ${min}`;

function* broken(value: string, { min = 0, max = Infinity }: Length): Generator<string> {
  if (value.length > max) yield atMost(max);
  if (value.length < min) yield atLeast(min);
}

const fits = (value: string, length: Length): boolean => [...broken(value, length)].length === 0;

const describe = ({ min, max }: Length): string =>
  [max === undefined ? [] : [atMost(max)], min === undefined ? [] : [atLeast(min)]].flat().join(', ');

/** `Name.member.1`, `Name.member.2` … in the order of their numbers. */
function members(params: Params, name: string): string[] {
  const numbers = new Set<number>();
  for (const key of params.keys()) {
    const [, number] = key.startsWith(`${name}.member.`)
      ? (/^(\d+)/.exec(key.slice(name.length + 8)) ?? [])
      : [];
    if (number) numbers.add(Number(number));
  }
  return [...numbers].sort((a, b) => a - b).map((number) => `${name}.member.${number}`);
}

const malformedInput = () => validationError('Unable to parse HTTP content');
