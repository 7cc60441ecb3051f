/** Explains how two strings differ that must be equal. */

export interface Difference {
  readonly name: 'slash' | 'case' | 'scheme' | 'blank' | 'bytes';
  readonly text: string;
}

/** @returns undefined if they are equal */
export function compare(expected: string, actual: string): Difference | undefined {
  if (expected === actual) return undefined;
  const withoutSlash = (text: string) => text.replace(/\/+$/, '');
  if (withoutSlash(expected) === withoutSlash(actual))
    return actual.endsWith('/')
      ? { name: 'slash', text: 'it has a trailing slash' }
      : { name: 'slash', text: 'it has no trailing slash' };
  if (expected === actual.trim()) return { name: 'blank', text: 'it has spaces around it' };
  if (expected.toLowerCase() === actual.toLowerCase())
    return { name: 'case', text: 'upper and lower case differ' };
  const host = (text: string) => text.replace(/^https?:\/\//, '');
  if (host(expected) === host(actual)) return { name: 'scheme', text: 'the scheme differs' };
  let index = 0;
  while (index < expected.length && expected[index] === actual[index]) index++;
  return { name: 'bytes', text: `it differs from character ${index + 1} on` };
}
