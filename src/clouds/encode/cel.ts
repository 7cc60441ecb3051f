/** Common Expression Language: a string literal (cel-spec, doc/langdef.md, "String and Bytes Values"). */
import { unicodeEscape } from './unicode.ts';

const short: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

export function celString(text: string): string {
  const inside = text
    .toWellFormed()
    .replace(/['\\]|[\p{C}\p{Zl}\p{Zp}]/gu, (character) => short[character] ?? unicodeEscape(character));
  return `'${inside}'`;
}
