/** Reads the parameters of a Query call and checks their constraints. As in AWS, one error reports all violations. */
import { validationError } from './fault.ts';

/** Flat names as sent: `Tags.member.1.Key`. */
export type Params = ReadonlyMap<string, string>;

interface Length {
  readonly min?: number;
  readonly max?: number;
}

interface TextLimits extends Length {
  readonly pattern?: RegExp;
  /** AWS does not repeat the value of a secret in an error. */
  readonly secret?: boolean;
}

type ReportViolation = (value: string | null | undefined, constraint: string) => void;

/** Reads one parameter and reports its violations. */
export type Rule<T> = (params: Params, name: string, reportViolation: ReportViolation) => T;

type Shape = Readonly<Record<string, Rule<unknown>>>;
type Read<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

export function read<S extends Shape>(params: Params, shape: S): Read<S> {
  const violations: string[] = [];
  const values = Object.entries(shape).map(([name, rule]) => {
    const member = name[0]?.toLowerCase() + name.slice(1);
    const reportViolation: ReportViolation = (value, constraint) => {
      const displayValue = value === undefined ? 'Value' : `Value ${value === null ? 'null' : `'${value}'`}`;
      violations.push(`${displayValue} at '${member}' failed to satisfy constraint: ${constraint}`);
    };
    return [name, rule(params, name, reportViolation)] as const;
  });
  if (violations.length === 0) return Object.fromEntries(values) as Read<S>;
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`;
  throw validationError(`${count} detected: ${violations.join('; ')}`);
}

export const text =
  (limits: TextLimits = {}): Rule<string> =>
  (params, name, reportViolation) => {
    const value = params.get(name);
    if (value === undefined) reportViolation(null, 'Member must not be null');
    else checkText(value, limits, reportViolation);
    return value ?? '';
  };

export const optionalText =
  (limits: TextLimits = {}): Rule<string | undefined> =>
  (params, name, reportViolation) => {
    const value = params.get(name);
    if (value !== undefined) checkText(value, limits, reportViolation);
    return value;
  };

export const optionalInteger =
  ({ min, max }: { readonly min: number; readonly max: number }): Rule<number | undefined> =>
  (params, name, reportViolation) => {
    const value = params.get(name);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,9}$/.test(value)) throw malformedInput();
    if (Number(value) < min) reportViolation(value, `Member must have value greater than or equal to ${min}`);
    if (Number(value) > max) reportViolation(value, `Member must have value less than or equal to ${max}`);
    return Number(value);
  };

export const texts =
  ({ max, item = {} }: { readonly max?: number; readonly item?: Length } = {}): Rule<readonly string[]> =>
  (params, name, reportViolation) => {
    const values = members(params, name).map((prefix) => params.get(prefix) ?? '');
    const displayValue = `[${values.join(', ')}]`;
    if (max !== undefined && values.length > max)
      reportViolation(displayValue, `Member must have length less than or equal to ${max}`);
    if (values.some((value) => !fits(value, item)))
      reportViolation(displayValue, `Member must satisfy constraint: [${describe(item)}]`);
    return values;
  };

/** A list of structures, each as a map of its fields. */
export const records: Rule<readonly Params[]> = (params, name) =>
  members(params, name).map((prefix) => {
    const own = [...params].filter(([key]) => key.startsWith(`${prefix}.`));
    return new Map(own.map(([key, value]) => [key.slice(prefix.length + 1), value]));
  });

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const tags: Rule<readonly Tag[]> = (params, name, reportViolation) => {
  const list = records(params, name, reportViolation);
  if (list.length > 50)
    reportViolation(`${list.length} tags`, 'Member must have length less than or equal to 50');
  return list.map((tag, index) => {
    const [key, value] = [tag.get('Key') ?? '', tag.get('Value') ?? ''];
    const reportTag: ReportViolation = (displayValue, constraint) =>
      reportViolation(displayValue, `tag ${index + 1}: ${constraint}`);
    checkText(key, { min: 1, max: 128 }, reportTag);
    checkText(value, { max: 256 }, reportTag);
    return { Key: key, Value: value };
  });
};

function checkText(
  value: string,
  { pattern, secret = false, ...length }: TextLimits,
  reportViolation: ReportViolation,
): void {
  const displayValue = secret ? undefined : value;
  for (const constraint of violatedConstraints(value, length)) reportViolation(displayValue, constraint);
  if (pattern && !new RegExp(`^(?:${pattern.source})$`, 'u').test(value))
    reportViolation(displayValue, `Member must satisfy regular expression pattern: ${pattern.source}`);
}

const atMost = (max: number) => `Member must have length less than or equal to ${max}`;
const atLeast = (min: number) => `Member must have length greater than or equal to ${min}`;

function* violatedConstraints(value: string, { min = 0, max = Infinity }: Length): Generator<string> {
  if (value.length > max) yield atMost(max);
  if (value.length < min) yield atLeast(min);
}

const fits = (value: string, length: Length): boolean => [...violatedConstraints(value, length)].length === 0;

const describe = ({ min, max }: Length): string =>
  [max === undefined ? [] : [atMost(max)], min === undefined ? [] : [atLeast(min)]].flat().join(', ');

/** `Name.member.1`, `Name.member.2` … in numerical order. */
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
