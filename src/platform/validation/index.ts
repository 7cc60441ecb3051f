/**
 * What comes in from outside. Owns: checking it against a schema with every fault told at once, and the field types
 * that several rooms take. Does not own: the schemas of the rooms.
 */
import { z } from 'zod';
import { type Fault, invalidRequest } from '../errors/index.ts';

export { durationBetween, durationField } from './duration.ts';
export { hasDoubledName } from './json.ts';

/** The checked value; throws `invalid_request` naming each faulty field. */
export function read<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const parsed = check(schema, value);
  const hidden = hiddenIn(value, at);
  if (parsed.success && hidden.length === 0) return parsed.data;
  throw invalidRequest(allFaults(parsed, hidden, at));
}

/** What `read` would name; for an input that is checked in several parts and refused once. */
export function faultsIn(schema: z.ZodType, value: unknown, at = ''): Fault[] {
  const parsed = check(schema, value);
  return allFaults(parsed, hiddenIn(value, at), at);
}

/** A name for people: any script, one line. */
export const nameField = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must not be over 100 characters')
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must not hold control characters');

/** What somebody sorts things by: `env=prod`, `team=payments`. */
export const labelsField = z
  .record(
    z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be a name of lower-case letters, digits or . _ -'),
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be 1 to 63 letters, digits or . _ -'),
  )
  .refine((labels) => Object.keys(labels).length <= 20, 'must be 20 labels at most');

/** What a connection may be used for: `deploy`, `read-logs`. */
export const purposeName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'must be a name of lower-case letters, digits and hyphens that begins with a letter',
  );

/** With the input, which tells what is missing from what is of the wrong kind; it goes into no message. */
const check = <T>(schema: z.ZodType<T>, value: unknown) => schema.safeParse(value, { reportInput: true });

/** Where a schema knows its members it has found the hidden ones by itself. */
function allFaults(parsed: z.ZodSafeParseResult<unknown>, hidden: readonly Fault[], at: string): Fault[] {
  const found = parsed.success ? [] : faultsOf(parsed.error, at);
  return [...hidden.filter((one) => found.every(({ path }) => path !== one.path)), ...found];
}

/**
 * Schemas of records pass over a member called `__proto__` in silence: a condition of that name would be lost, and what it
 * was to restrict would be open.
 */
function hiddenIn(value: unknown, at: string): Fault[] {
  const faults: Fault[] = [];
  // A list of what is open and no call within a call: brackets may be nested deeper than a stack is.
  const open: { readonly value: unknown; readonly name: string; readonly above?: Place }[] = [
    { value, name: at },
  ];
  for (let here = open.pop(); here; here = open.pop()) {
    if (typeof here.value !== 'object' || here.value === null) continue;
    for (const [name, below] of Object.entries(here.value)) {
      const place = { value: below, name: shown(name), above: here };
      if (name === '__proto__') faults.push({ path: pathOf(place), message: 'is not known here' });
      else open.push(place);
    }
  }
  return faults;
}

interface Place {
  readonly name: string;
  readonly above?: Place;
}

function pathOf(place: Place): string {
  const names: string[] = [];
  for (let here: Place | undefined = place; here; here = here.above) names.unshift(here.name);
  return names.filter(Boolean).join('.');
}

function faultsOf(error: z.ZodError, at: string): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const path = [...(at ? [at] : []), ...issue.path.map(String)].join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: path ? `${path}.${shown(key)}` : shown(key),
        message: 'is not known here',
      }));
    }
    if (issue.code === 'invalid_type' && issue.input === undefined)
      return [{ path: path || 'body', message: 'is missing' }];
    const told = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
    return [{ path: path || 'body', message: lowerFirst((told ?? issue).message) }];
  });
}

/** A name as it may be shown: it came from outside and could be a misplaced secret. */
const shown = (name: string): string => (/^\w{1,40}$/.test(name) ? name : '(unreadable name)');

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
