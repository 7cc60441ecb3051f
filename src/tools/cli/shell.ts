/** Text for a POSIX shell that a person or a script reads back. */

/** One word, whatever it holds (POSIX.1-2024, Shell Command Language, section 2.2.2). */
export const shellWord = (text: string): string =>
  /^[\w@%+:,./=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
