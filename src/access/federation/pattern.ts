/**
 * Patterns for claims: an exact value, one of several values, or a glob. Regular expressions are not supported, because
 * unanchored or very slow ones are easy to write by mistake.
 */
import { z } from 'zod';

const maxLength = 512;
const maxStars = 3;
/** Longest claim value that a glob is matched against, to limit the time. */
const maxValue = 2_048;

const exact = z
  .string()
  .min(1, 'must not be empty')
  .max(maxLength, `must not be over ${maxLength} characters`)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
  .regex(/^[^*]*$/, 'must not contain *; for a pattern, write {"glob": "…"}');

/** A `*` matches one or more characters except `/` and `:`, which separate segments of subjects, refs and ids. */
const globbed = z
  .string()
  .max(maxLength, `must not be over ${maxLength} characters`)
  .regex(/\*/, 'must contain a *')
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
  .refine((text) => !text.includes('**'), 'must not contain **')
  .refine((text) => text.split('*').length - 1 <= maxStars, `must not contain more than ${maxStars} *`)
  .refine((text) => text.indexOf('*') >= 3, 'must begin with 3 or more plain characters');

export const patternField = z.union(
  [
    exact,
    z.strictObject({
      one_of: z.array(exact).min(1, 'must contain a value').max(20, 'must contain 20 values at most'),
    }),
    z.strictObject({ glob: globbed }),
  ],
  {
    error:
      'must be a value without *, {"one_of": ["…"]}, or {"glob": "…"} with 3 plain characters before its first *',
  },
);

export type Pattern = z.infer<typeof patternField>;

export const matchesPattern = (pattern: Pattern, value: unknown): boolean => matcherOf(pattern)(value);

/** Compiles the pattern. */
export function matcherOf(pattern: Pattern): (value: unknown) => boolean {
  const test = textTest(pattern);
  return (value) => {
    const text = textOf(value);
    return text !== undefined && test(text);
  };
}

function textTest(pattern: Pattern): (text: string) => boolean {
  if (typeof pattern === 'string') return (text) => text === pattern;
  if ('one_of' in pattern) return (text) => pattern.one_of.includes(text);
  const fitsGlob = globTest(pattern.glob);
  return (text) => text.length <= maxValue && fitsGlob(text);
}

/**
 * Matches in linear time without backtracking: each star ends at the first occurrence of the text that follows it. Ending
 * later cannot help, because the next star could match the same characters. A regular expression would try all
 * combinations of the ends of all stars.
 */
function globTest(glob: string): (text: string) => boolean {
  const [start = '', ...between] = glob.split('*');
  const end = between.pop() ?? '';
  return (text) => {
    if (!text.startsWith(start) || !text.endsWith(end)) return false;
    let at = start.length;
    for (const part of between) {
      const next = text.indexOf(part, at + 1);
      if (!isStar(text, at, next)) return false;
      at = next + part.length;
    }
    return isStar(text, at, text.length - end.length);
  };
}

/** Whether one star can match this range of the text. */
const isStar = (text: string, from: number, to: number): boolean =>
  to > from && !/[/:]/.test(text.slice(from, to));

/** Booleans and numbers as in JSON, such as `true` and `74`; undefined for lists and objects, which never match. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

const segmentsIn = (text: string): string[] => text.split(/[/:]/).filter((segment) => segment !== '');

/** The first segments of a text, for the index: a glob and every text that it matches have the same prefix. */
export const prefixOf = (text: string): string => segmentsIn(text).slice(0, segmentsOfSubject).join(':');

/** The number of segments that identify a single repository or namespace. */
export const segmentsOfSubject = 3;

/**
 * The number of whole segments before a glob's first `*`. Three identify one repository (`repo:acme/app:*`) or namespace
 * (`system:serviceaccount:prod:*`); with fewer, anyone who can create an account could match.
 */
export const wholeSegments = (glob: string): number =>
  segmentsIn(glob.slice(0, glob.indexOf('*')).replace(/[^/:]*$/, '')).length;
