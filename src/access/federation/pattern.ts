/**
 * How a claim is compared: exactly, with one of several values, or with a glob. No regular expression comes from outside:
 * one that is not anchored, or takes a minute, would be written sooner or later.
 */
import { z } from 'zod';

const maxLength = 512;
const maxStars = 3;
/** Of a value from outside, so that no glob takes long. */
const maxValue = 2_048;

const exact = z
  .string()
  .min(1, 'must not be empty')
  .max(maxLength, `must not be over ${maxLength} characters`)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
  .regex(/^[^*]*$/, 'must not hold a *; where a pattern is meant, write {"glob": "…"}');

/** A `*` stands for one or more characters, but never for a `/` or a `:`, which divide subjects, refs and ids. */
const globbed = z
  .string()
  .max(maxLength, `must not be over ${maxLength} characters`)
  .regex(/\*/, 'must hold a *')
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
  .refine((text) => !text.includes('**'), 'must not hold ** ')
  .refine((text) => text.split('*').length - 1 <= maxStars, `must not hold more than ${maxStars} *`)
  .refine((text) => text.indexOf('*') >= 3, 'must begin with 3 or more plain characters');

export const patternField = z.union(
  [
    exact,
    z.strictObject({
      one_of: z.array(exact).min(1, 'must hold a value').max(20, 'must hold 20 values at most'),
    }),
    z.strictObject({ glob: globbed }),
  ],
  {
    error:
      'must be a value without *, {"one_of": ["…"]}, or {"glob": "…"} with 3 plain characters before its first *',
  },
);

export type Pattern = z.infer<typeof patternField>;

export const fits = (pattern: Pattern, value: unknown): boolean => matcherOf(pattern)(value);

/** The pattern, made ready for many values. */
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
 * Each star ends at the first place where the text after it comes, and is never tried again: ending later leaves less to
 * the next star and nothing that it could not take itself. So a value from outside is walked through once. A regular
 * expression would go through all the places that all the stars could end at together.
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

/** Whether one star can stand for what lies there. */
const isStar = (text: string, from: number, to: number): boolean =>
  to > from && !/[/:]/.test(text.slice(from, to));

/** `true` and `74` are written as they are in JSON. Lists and objects are never equal to anything. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

const segmentsIn = (text: string): string[] => text.split(/[/:]/).filter((segment) => segment !== '');

/** What a text begins with, by which it is found again; a glob and what fits it begin alike. */
export const beginningOf = (text: string): string => segmentsIn(text).slice(0, segmentsOfSubject).join(':');

/** As many as name a single repository or namespace. */
export const segmentsOfSubject = 3;

/**
 * What stands in front of a glob's first `*`, in whole segments. Three of them name one repository
 * (`repo:acme/app:*`) or namespace (`system:serviceaccount:prod:*`); with fewer, whoever can open an account matches.
 */
export const wholeSegments = (glob: string): number =>
  segmentsIn(glob.slice(0, glob.indexOf('*')).replace(/[^/:]*$/, '')).length;
