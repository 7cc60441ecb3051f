/** What people read, and the fenced blocks in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

export const documents: readonly string[] = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/decisions'),
];

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The contents of the blocks that are fenced with this word, in order. */
export const blocks = (file: string, language: string): string[] =>
  [...textOf(file).matchAll(/^```(\S*)\n(.*?)^```$/gms)]
    .filter(([, word]) => word === language)
    .map(([, , content = '']) => content);
