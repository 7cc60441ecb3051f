/** Terraform's language (github.com/hashicorp/hcl, hclsyntax/spec.md), laid out as `terraform fmt` leaves it. */
import { unicodeEscape } from './unicode.ts';

/** Source that is meant to be evaluated; everything else is data. Only ever made of literals in our own code. */
export class HclExpression {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type HclValue =
  | string
  | number
  | boolean
  | HclExpression
  | readonly HclValue[]
  | { readonly [name: string]: HclValue };

export interface HclBlock {
  readonly type: string;
  readonly labels?: readonly string[];
  readonly attributes?: Readonly<Record<string, HclValue>>;
  readonly blocks?: readonly HclBlock[];
}

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * A quoted string. `${` and `%{` would open a template; they lose their sign to a `\u` escape, because the doubled sign
 * of the specification is read differently after another `$` or `%`.
 */
export function hclString(text: string): string {
  const inside = text
    .toWellFormed()
    .replace(
      /["\\]|[$%](?=[$%{])|[\p{C}\p{Zl}\p{Zp}]/gu,
      (character) => short[character] ?? unicodeEscape(character),
    );
  return `"${inside}"`;
}

export function hclDocument(blocks: readonly HclBlock[]): string {
  return `${blocks.map((block) => hclBlock(block, '')).join('\n\n')}\n`;
}

function hclBlock({ type, labels = [], attributes = {}, blocks = [] }: HclBlock, indent: string): string {
  const inner = `${indent}  `;
  const parts = [...hclAttributes(attributes, inner), ...blocks.map((block) => hclBlock(block, inner))];
  const head = [type, ...labels.map(hclString)].join(' ');
  return `${indent}${head} {\n${parts.join('\n\n')}\n${indent}}`;
}

/** Attributes of one line stand together with their `=` in a column, each longer one by itself. */
function hclAttributes(attributes: Readonly<Record<string, HclValue>>, indent: string): string[] {
  const written = Object.entries(attributes).map(([name, value]) => [name, hclValue(value, indent)] as const);
  const short = written.filter(([, text]) => !text.includes('\n'));
  const long = written.filter(([, text]) => text.includes('\n'));
  const groups = [...(short.length > 0 ? [short] : []), ...long.map((one) => [one])];
  return groups.map((group) => column(group, indent).join('\n'));
}

function column(entries: readonly (readonly [string, string])[], indent: string): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `${indent}${name.padEnd(width)} = ${text}`);
}

function hclValue(value: HclValue, indent: string): string {
  if (typeof value === 'string') return hclString(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof HclExpression) return value.source;
  if (isList(value)) return `[${value.map((item) => hclValue(item, indent)).join(', ')}]`;
  const inner = `${indent}  `;
  const entries = Object.entries(value).map(
    ([name, item]) => [hclString(name), hclValue(item, inner)] as const,
  );
  return `{\n${column(entries, inner).join('\n')}\n${indent}}`;
}

const isList = (value: HclValue): value is readonly HclValue[] => Array.isArray(value);
