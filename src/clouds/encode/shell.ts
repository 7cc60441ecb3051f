/** The POSIX shell: words and commands (POSIX.1-2024, Shell Command Language, section 2.2.2). */
import { SojournError } from '../../platform/errors/index.ts';

/** Stays one word, byte for byte; rejects with `internal` on NUL, which no argument of a program can hold. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new SojournError('internal', { cause: 'a shell word cannot hold NUL' });
  return /^[A-Za-z0-9_@%+:,./=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `--name=value`, so that no value is taken for an option. */
export const option = (name: string, value: string | number): string => `--${name}=${value}`;

/** A program and its arguments, one to a line from the first option on. */
export function shellCommand(argv: readonly string[], indent = ''): string {
  return argv
    .map((word, at) => {
      const before = at === 0 ? indent : word.startsWith('--') ? ` \\\n${indent}  ` : ' ';
      return before + shellWord(word);
    })
    .join('');
}
