/** The POSIX shell: words and commands (POSIX.1-2024, Shell Command Language, section 2.2.2). */
import { SojournError } from '../../platform/errors/index.ts';

/**
 * Quotes a text as exactly one word.
 * @throws {SojournError} `internal` for NUL, which no argument of a program can contain
 */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new SojournError('internal', { cause: 'a shell word cannot hold NUL' });
  return /^[A-Za-z0-9_@%+:,./=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `--name=value`, so that a value cannot be read as an option. */
export const option = (name: string, value: string | number): string => `--${name}=${value}`;

/** A program and its arguments, one per line from the first option on. */
export function shellCommand(argv: readonly string[], indent = ''): string {
  return argv
    .map((word, index) => {
      const before = index === 0 ? indent : word.startsWith('--') ? ` \\\n${indent}  ` : ' ';
      return before + shellWord(word);
    })
    .join('');
}
