/**
 * Input validation. Owns: checking an input against a schema, with all faults in one error, and field types that several
 * modules use. Does not own: the schemas of the modules.
 */
import { z } from 'zod';
import { type Fault, invalidRequest } from '../errors/index.ts';

export { durationBetween, durationField } from './duration.ts';
export { hasDuplicateName } from './json.ts';
export { spiffeIdPattern, trustDomainOf, trustDomainPattern } from './spiffe.ts';

/** `value` is present if there are no faults. */
export interface Validated<T> {
  readonly value?: T;
  readonly faults: readonly Fault[];
}

/** For an input that is validated in several parts, whose faults are reported together. */
export function validate<T>(schema: z.ZodType<T>, input: unknown, at = ''): Validated<T> {
  const parsed = check(schema, input);
  const faults = allFaults(parsed, prototypeFaultsIn(input, at), at);
  return parsed.success && faults.length === 0 ? { value: parsed.data, faults } : { faults };
}

/** The validated value. Throws `invalid_request` with every invalid field. */
export function read<T>(schema: z.ZodType<T>, input: unknown, at = ''): T {
  const parsed = check(schema, input);
  const hidden = prototypeFaultsIn(input, at);
  if (parsed.success && hidden.length === 0) return parsed.data;
  throw invalidRequest(allFaults(parsed, hidden, at));
}

/** The values that a schema returns, as they are stored and passed on: nothing changes them. */
export type Immutable<T> = T extends readonly (infer Each)[]
  ? readonly Immutable<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

/** RFC 3339 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** One line of text in any script. */
const lineOf = (maxCharacters: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(maxCharacters, `must have at most ${maxCharacters} characters`)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must not contain control characters');

/** A display name. */
export const nameField = lineOf(100);

/** Why an administrator does something. */
export const reasonField = lineOf(200);

/** Labels such as `env=prod`, `team=payments`. */
export const labelsField = z
  .record(
    z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be a name of lower-case letters, digits or . _ -'),
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be 1 to 63 letters, digits or . _ -'),
  )
  .refine((labels) => Object.keys(labels).length <= 20, 'must have at most 20 labels');

/** The name of a purpose, such as `deploy` or `read-logs`. */
export const purposeName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'must be a name of lower-case letters, digits and hyphens that begins with a letter',
  );

/** `reportInput` distinguishes a missing value from one of the wrong type; no message contains the input. */
const check = <T>(schema: z.ZodType<T>, value: unknown) => schema.safeParse(value, { reportInput: true });

/** A strict schema reports `__proto__` members itself; each fault is listed once. */
function allFaults(parsed: z.ZodSafeParseResult<unknown>, hidden: readonly Fault[], at: string): Fault[] {
  const found = parsed.success ? [] : faultsOf(parsed.error, at);
  return [...hidden.filter((one) => found.every(({ path }) => path !== one.path)), ...found];
}

/**
 * Faults for members called `__proto__`, which record schemas silently drop. Without them, a condition of that name would
 * be lost and would not restrict anything.
 */
function prototypeFaultsIn(value: unknown, at: string): Fault[] {
  const faults: Fault[] = [];
  // Iterative, because the input can be nested deeper than the call stack allows.
  const open: { readonly value: unknown; readonly name: string; readonly above?: FieldPath }[] = [
    { value, name: at },
  ];
  for (let here = open.pop(); here; here = open.pop()) {
    if (typeof here.value !== 'object' || here.value === null) continue;
    for (const [name, below] of Object.entries(here.value)) {
      const place = { value: below, name: safeName(name), above: here };
      if (name === '__proto__') faults.push({ path: pathOf(place), message: 'is not known here' });
      else open.push(place);
    }
  }
  return faults;
}

interface FieldPath {
  readonly name: string;
  readonly above?: FieldPath;
}

function pathOf(place: FieldPath): string {
  const names: string[] = [];
  for (let here: FieldPath | undefined = place; here; here = here.above) names.unshift(here.name);
  return names.filter(Boolean).join('.');
}

function faultsOf(error: z.ZodError, at: string): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const path = [...(at ? [at] : []), ...issue.path.map(String)].join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: path ? `${path}.${safeName(key)}` : safeName(key),
        message: 'is not known here',
      }));
    }
    if (issue.code === 'invalid_type' && issue.input === undefined)
      return [{ path: path || 'body', message: 'is missing' }];
    const keyIssue = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
    return [{ path: path || 'body', message: lowerFirst((keyIssue ?? issue).message) }];
  });
}

/** The name if it is safe to repeat; a name from outside could be a misplaced secret. */
const safeName = (name: string): string => (/^\w{1,40}$/.test(name) ? name : '(unreadable name)');

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
