/** The hand-written and generated documents, and their fenced blocks. */
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

/** The contents of the fenced blocks in this language, in order. */
export const blocks = (file: string, language: string): string[] =>
  [...textOf(file).matchAll(/^```(\S*)\n(.*?)^```$/gms)]
    .filter(([, word]) => word === language)
    .map(([, , content = '']) => content);
