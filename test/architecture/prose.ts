/** The prose of the repository, by class and area, in which `npm run markers` counts marker words. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@babel/parser';

const root = join(import.meta.dirname, '../..');

/** What a passage is. `texts` are the strings of the sources: errors, OpenAPI, the command line, the customer's page. */
export const classes = ['comments', 'texts', 'titles', 'documents'] as const;
export type Class = (typeof classes)[number];

export interface Passage {
  readonly class: Class;
  /** `platform`, `tools`, … for sources and their tests; `docs` for documents. */
  readonly area: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const markers = readFileSync(join(import.meta.dirname, 'markers.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((pattern) => new RegExp(pattern, 'gi'));

export const wordsIn = (text: string): number => text.match(/[A-Za-z][A-Za-z'’-]*/g)?.length ?? 0;

export const markersIn = (text: string): readonly string[] =>
  markers.flatMap((marker) => [...text.replaceAll(/\s+/g, ' ').matchAll(marker)].map(([found]) => found));

/** Every passage below this folder, which is the repository. */
export function passages(folder = root): Passage[] {
  const files = (pattern: string) => globSync(pattern, { cwd: folder }).toSorted();
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  return [
    ...files('{src,test,bench}/**/*.ts').flatMap((file) => inSource(file, read(file))),
    ...files('src/**/*.{js,css}').flatMap((file) => inScript(file, read(file))),
    ...files('{*.md,{docs,examples,keys,deploy}/**/*.md}')
      .filter((file) => file !== 'LICENSE')
      .flatMap((file) => inDocument(file, read(file))),
  ];
}

const areaOf = (file: string): string => {
  const [top = '', area = ''] = file.split('/');
  return top === 'src' || top === 'test' ? area.replace(/\.ts$/, '') : top;
};

interface Token {
  readonly type: { readonly label: string } | 'CommentBlock' | 'CommentLine';
  readonly value?: unknown;
  readonly loc: { readonly start: { readonly line: number } };
}

function inSource(file: string, source: string): Passage[] {
  const { tokens } = parse(source, { sourceType: 'module', plugins: ['typescript'], tokens: true });
  const area = areaOf(file);
  return ((tokens ?? []) as Token[]).flatMap((token, index, all) => {
    const passage = (kind: Class, text: string): Passage[] => [
      { class: kind, area, file, line: token.loc.start.line, text },
    ];
    const { type, value } = token;
    if (typeof type === 'string')
      return file.startsWith('src/') ? passage('comments', String(value).replaceAll(/^\s*\*/gm, '')) : [];
    if (type.label !== 'string' && type.label !== 'template') return [];
    if (typeof value !== 'string' || !isProse(value)) return [];
    if (file.startsWith('src/')) return passage('texts', value);
    return file.endsWith('.test.ts') && isTitle(all, index) ? passage('titles', value) : [];
  });
}

/** Two words in a row; identifiers, paths and patterns are no prose. */
const isProse = (text: string): boolean => /[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}/.test(text);

/** The first argument of `test(…)`, `describe(…)` or `test.each(…)(…)`. */
function isTitle(tokens: readonly Token[], index: number): boolean {
  const before = tokens.slice(Math.max(0, index - 400), index).filter(({ type }) => typeof type !== 'string');
  if (labelOf(before.at(-1)) === '`') before.pop();
  if (labelOf(before.pop()) !== '(') return false;
  if (labelOf(before.at(-1)) === ')') dropCall(before);
  while (labelOf(before.at(-2)) === '.') before.splice(-2);
  return ['test', 'describe', 'it'].includes(String(before.at(-1)?.value));
}

/** Removes the arguments of a call from the end, with both parentheses. */
function dropCall(tokens: Token[]): void {
  let depth = 0;
  for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
    if (labelOf(token) === ')') depth++;
    if (labelOf(token) === '(') depth--;
    if (depth === 0) return;
  }
}

const labelOf = (token: Token | undefined): string =>
  token === undefined || typeof token.type === 'string' ? '' : token.type.label;

/** Strings and comments of the customer's page. */
function inScript(file: string, source: string): Passage[] {
  return [...source.matchAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'[^'\n]*'|`[^`]*`/g)].flatMap((match) => {
    const [text] = match;
    const line = source.slice(0, match.index).split('\n').length;
    const kind = text.startsWith('/') ? 'comments' : 'texts';
    return kind === 'comments' || isProse(text)
      ? [{ class: kind, area: areaOf(file), file, line, text }]
      : [];
  });
}

/** The prose of a document, a paragraph each; its code blocks are left out. */
function inDocument(file: string, source: string): Passage[] {
  const withoutCode = source.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ''));
  let line = 1;
  return withoutCode.split(/(\n{2,})/).flatMap((text) => {
    const passage: Passage = { class: 'documents', area: 'docs', file, line, text };
    line += text.split('\n').length - 1;
    return text.trim() === '' ? [] : [passage];
  });
}

export interface Count {
  readonly class: Class;
  readonly area: string;
  readonly words: number;
  readonly markers: number;
  /** Markers in 1,000 words. */
  readonly rate: number;
}

/** A row for each class and area, and one for each class with the area `all`. */
export function counted(all: readonly Passage[]): Count[] {
  return classes.flatMap((kind) => {
    const ofClass = all.filter((passage) => passage.class === kind);
    const areas = [...new Set(ofClass.map(({ area }) => area))].toSorted();
    return [...areas, 'all'].map((area) => {
      const texts = ofClass.filter((passage) => area === 'all' || passage.area === area);
      const words = texts.reduce((sum, { text }) => sum + wordsIn(text), 0);
      const found = texts.reduce((sum, { text }) => sum + markersIn(text).length, 0);
      return { class: kind, area, words, markers: found, rate: words === 0 ? 0 : (1000 * found) / words };
    });
  });
}

export const table = (counts: readonly Count[]): string =>
  counts
    .map(({ class: kind, area, words, markers: found, rate }) =>
      [
        kind.padEnd(10),
        area.padEnd(12),
        String(words).padStart(7),
        String(found).padStart(5),
        rate.toFixed(1).padStart(6),
      ].join(' '),
    )
    .join('\n');
