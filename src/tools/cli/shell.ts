/** Quoting for a POSIX shell. */

/** Quotes any text as one word (POSIX.1-2024, Shell Command Language, section 2.2.2). */
export const shellWord = (text: string): string =>
  /^[\w@%+:,./=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
