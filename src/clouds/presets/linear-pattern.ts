/**
 * Regular expressions of presets, matched in time proportional to the text: an operator writes the pattern, and any customer the
 * text, which could hold up the server if the engine went back in it. Pike's simulation of Thompson's automaton.
 */

import { SojournError } from '../../platform/errors/index.ts';

/** Of a pattern with all repetitions written out. `[a-z]{1,500}` has 1,000. */
const maxStates = 4_000;
/** So that a match takes at most a few milliseconds. */
export const maxTextLength = 4_000;

type State =
  | { readonly type: 'character'; readonly matches: (character: string) => boolean; readonly next: number }
  | { readonly type: 'split'; next: readonly number[] }
  | { readonly type: 'accept' };

/** Emits states that match a part of the pattern and continue with the state `next`; returns the first of them. */
type Part = (next: number) => number;

/** What a pattern consists of: a class, an escape, the beginning of a group, a repetition, or one character. */
const tokenPattern =
  /\[(?:\\.|[^\]\\])*\]|\\(?:x.{2}|u\{[^}]*\}|u[dD][89abAB].{2}\\u[dD][c-fC-F].{2}|u.{4}|[pP]\{[^}]*\}|c.|.)|\((?:\?(?::|<[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*>))?|(?:[*+?]|\{\d+(?:,\d*)?\})\??|./gsu;

/**
 * @param source valid with the flag `u`; it must match the whole text
 * @throws {SojournError} `config_invalid` for what cannot be matched in linear time, and for too many repetitions
 */
export function compileLinear(source: string): (text: string) => boolean {
  const tokens = source.match(tokenPattern) ?? [];
  const states: State[] = [];
  const characters = new Map<string, (character: string) => boolean>();
  let position = 0;

  function push(state: State): number {
    if (states.length >= maxStates) throw unsupported('has too many or too large repetitions');
    return states.push(state) - 1;
  }

  function alternatives(): Part {
    const parts = [sequence()];
    while (tokens[position] === '|') {
      position++;
      parts.push(sequence());
    }
    return (next) =>
      parts.length === 1 ? parts[0]!(next) : push({ type: 'split', next: parts.map((part) => part(next)) });
  }

  function sequence(): Part {
    const parts: Part[] = [];
    while (position < tokens.length && tokens[position] !== '|' && tokens[position] !== ')')
      parts.push(repeated(atom()));
    return (next) => parts.reduceRight((following, part) => part(following), next);
  }

  function atom(): Part {
    const token = tokens[position++]!;
    if (!token.startsWith('(')) return character(token);
    if (tokens[position] === '?') throw unsupported('must not have (?=, (?!, (?<=, (?<! or flags');
    const part = alternatives();
    position++;
    return part;
  }

  function character(token: string): Part {
    if (/^(\^|\$|\\[bB])$/.test(token))
      throw unsupported(`must not have ${token}: it always matches the whole value`);
    if (/^\\[k1-9]/.test(token)) throw unsupported(`must not refer to a group: ${token}`);
    const matches = characters.get(token) ?? matcherOf(token);
    characters.set(token, matches);
    return (next) => push({ type: 'character', matches, next });
  }

  function repeated(part: Part): Part {
    const [, text = '', least, comma, most] =
      /^([*+?]|\{(\d+)(?:(,)(\d*))?\})\??$/.exec(tokens[position] ?? '') ?? [];
    if (text === '') return part;
    position++;
    const min = least === undefined ? Number(text === '+') : Number(least);
    const max =
      text === '?' ? 1 : comma === undefined && least !== undefined ? min : Number(most || Infinity);
    return (next) => {
      // A state for each repetition, so that repetitions of nothing are counted too.
      const optional = (following: number) => push({ type: 'split', next: [part(following), next] });
      let first = next;
      if (max === Infinity) {
        const loop: State & { type: 'split' } = { type: 'split', next: [] };
        first = push(loop);
        loop.next = [part(first), next];
      } else for (let count = min; count < max; count++) first = optional(first);
      for (let count = 0; count < min; count++) first = push({ type: 'split', next: [part(first)] });
      return first;
    };
  }

  const accept = push({ type: 'accept' });
  const start = alternatives()(accept);
  return (text) => text.length <= maxTextLength && simulate(states, start, accept, text);
}

const unsupported = (detail: string) => new SojournError('config_invalid', { detail });

/** As the engine of the language reads it, for one character. */
function matcherOf(token: string): (character: string) => boolean {
  const known = new Map<string, boolean>();
  const pattern = new RegExp(`^${token}$`, 'u');
  return (character) => {
    const matches = known.get(character) ?? pattern.test(character);
    // Characters of texts that strangers send, so they are not cached without a limit.
    if (known.size < 256) known.set(character, matches);
    return matches;
  };
}

function simulate(states: readonly State[], start: number, accept: number, text: string): boolean {
  let current = closureOf(states, [start]);
  for (const character of text) {
    const next: number[] = [];
    for (const index of current) {
      const state = states[index]!;
      if (state.type === 'character' && state.matches(character)) next.push(state.next);
    }
    if (next.length === 0) return false;
    current = closureOf(states, next);
  }
  return current.has(accept);
}

/** The states that can be reached without a character. */
function closureOf(states: readonly State[], from: readonly number[]): ReadonlySet<number> {
  const reached = new Set(from);
  // The iteration of a set includes values that are added during it.
  for (const index of reached) {
    const state = states[index]!;
    if (state.type === 'split') for (const next of state.next) reached.add(next);
  }
  return reached;
}
