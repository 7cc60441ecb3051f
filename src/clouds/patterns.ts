/** Patterns with `*` and `?`, and the classes of strings that a set of patterns distinguishes. */

/** One character, or several. */
const one = Symbol('?');
const many = Symbol('*');

export interface Pattern {
  readonly tokens: readonly (string | typeof one | typeof many)[];
  readonly ignoreCase: boolean;
  /** The only string that matches, except for upper and lower case; undefined with a wildcard. */
  readonly literal: string | undefined;
}

/** @param parts texts, alternately with wildcards (the even ones) and without (values of variables) */
export function compilePattern(
  parts: readonly string[],
  { wildcards, ignoreCase }: { readonly wildcards: boolean; readonly ignoreCase: boolean },
): Pattern {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const tokens = parts.flatMap((part, index) =>
    [...fold(part)].map((character) => {
      if (!wildcards || index % 2 === 1) return character;
      return character === '*' ? many : character === '?' ? one : character;
    }),
  );
  const isLiteral = tokens.every((token) => typeof token === 'string');
  return { tokens, ignoreCase, literal: isLiteral ? tokens.join('') : undefined };
}

export function matches({ tokens, ignoreCase }: Pattern, text: string): boolean {
  const characters = [...(ignoreCase ? text.toLowerCase() : text)];
  let [position, index] = [0, 0];
  let retry: readonly [position: number, index: number] | undefined;
  while (index < characters.length) {
    const token = tokens[position];
    if (token === many) {
      retry = [position, index];
      position++;
    } else if (token === one || token === characters[index]) {
      position++;
      index++;
    } else if (retry) {
      retry = [retry[0], retry[1] + 1];
      position = retry[0] + 1;
      index = retry[1];
    } else return false;
  }
  return tokens.slice(position).every((token) => token === many);
}

/** The strings that begin with one of `starts` and continue with any of `characters`. */
export interface Language {
  readonly starts: readonly string[];
  readonly characters: string;
}

/** Texts of any length in lower case, as the subjects of an issuer are. */
export const lowerCase: Language = {
  starts: [''],
  characters: `abcdefghijklmnopqrstuvwxyz0123456789_:/.-=@*?'"\\\n`,
};

export const anyText: Language = {
  starts: [''],
  characters: '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_=,.@-/:+ ',
};

/** Strings that the patterns treat alike. */
export interface StringClass {
  readonly example: string;
  /** The class has only this string: a pattern without a wildcard names it. */
  readonly isNamed: boolean;
}

/** Beyond this the patterns count as too complex. Three patterns with two `*` each and 30 characters need about 3,000. */
const maxSteps = 20_000;

/**
 * One class for every combination of patterns that a string of the language can match, and one for every string that a pattern
 * names: what holds for the example holds for the whole class. Undefined if there are too many.
 */
export function classesOf(patterns: readonly Pattern[], language: Language): StringClass[] | undefined {
  const names = new Set(patterns.flatMap(({ literal }) => (literal === undefined ? [] : [literal])));
  const wildcards = patterns.filter(({ literal }) => literal === undefined);
  const examples = new Map<string, string>();
  // Named strings and the empty one show nothing of the others, so each state is visited more often than there are of them.
  const visits = new Map<string, number>();
  let pending = language.starts.map((text) => ({
    text,
    states: wildcards.map((pattern) =>
      [...text].reduce((state, c) => step(pattern, state, c), initial(pattern)),
    ),
  }));
  const characters = distinguished(wildcards, language);
  for (let steps = 0; pending.length > 0; ) {
    const next: typeof pending = [];
    for (const { text, states } of pending) {
      if (++steps > maxSteps) return undefined;
      const key = states.join();
      const count = visits.get(key) ?? 0;
      if (count > names.size + 1) continue;
      visits.set(key, count + 1);
      const signature = wildcards.map((pattern, index) => accepts(pattern, states[index] ?? 0n)).join();
      if (text !== '' && !names.has(text) && !examples.has(signature)) examples.set(signature, text);
      for (const c of characters)
        next.push({
          text: text + c,
          states: wildcards.map((pattern, i) => step(pattern, states[i] ?? 0n, c)),
        });
    }
    pending = next;
  }
  return [
    ...[...names].map((example) => ({ example, isNamed: true })),
    ...[...examples.values()].map((example) => ({ example, isNamed: false })),
  ];
}

/** Whether every pattern treats the two strings alike. */
export const areAlike = (patterns: readonly Pattern[], a: string, b: string): boolean =>
  patterns.every((pattern) => matches(pattern, a) === matches(pattern, b));

/** The characters that a pattern names, and one that none names, for all the others. */
function distinguished(patterns: readonly Pattern[], { characters }: Language): string[] {
  const tokens = new Set(patterns.flatMap((pattern) => pattern.tokens));
  const all = [...characters];
  const other = all.find((character) => !tokens.has(character));
  return [...all.filter((character) => tokens.has(character)), ...(other === undefined ? [] : [other])];
}

/** A state is the set of positions in the pattern, as bits. */
const initial = (pattern: Pattern): bigint => skipMany(pattern, 1n);

function step(pattern: Pattern, state: bigint, character: string): bigint {
  const folded = pattern.ignoreCase ? character.toLowerCase() : character;
  let next = 0n;
  for (const [position, token] of pattern.tokens.entries()) {
    const bit = 1n << BigInt(position);
    if (!(state & bit)) continue;
    if (token === many) next |= bit;
    else if (token === one || token === folded) next |= bit << 1n;
  }
  return skipMany(pattern, next);
}

function skipMany({ tokens }: Pattern, state: bigint): bigint {
  let closed = state;
  for (const [position, token] of tokens.entries()) {
    const bit = 1n << BigInt(position);
    if (token === many && closed & bit) closed |= bit << 1n;
  }
  return closed;
}

const accepts = ({ tokens }: Pattern, state: bigint): boolean =>
  (state & (1n << BigInt(tokens.length))) !== 0n;
