/** How two texts that must be equal to the letter differ, for people. */

export interface Difference {
  readonly name: 'slash' | 'case' | 'scheme' | 'blank' | 'bytes';
  readonly words: string;
}

/** Undefined when they are equal. */
export function difference(wanted: string, found: string): Difference | undefined {
  if (wanted === found) return undefined;
  const bare = (text: string) => text.replace(/\/+$/, '');
  if (bare(wanted) === bare(found))
    return found.endsWith('/')
      ? { name: 'slash', words: 'it has a slash at the end' }
      : { name: 'slash', words: 'it lacks the slash at the end' };
  if (wanted === found.trim()) return { name: 'blank', words: 'it has blanks around it' };
  if (wanted.toLowerCase() === found.toLowerCase())
    return { name: 'case', words: 'upper and lower case differ' };
  const host = (text: string) => text.replace(/^https?:\/\//, '');
  if (host(wanted) === host(found)) return { name: 'scheme', words: 'the scheme differs' };
  let at = 0;
  while (at < wanted.length && wanted[at] === found[at]) at++;
  return { name: 'bytes', words: `they differ from character ${at + 1} on` };
}
