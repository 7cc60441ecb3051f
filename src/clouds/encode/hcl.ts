/** Terraform's language (github.com/hashicorp/hcl, hclsyntax/spec.md), formatted like `terraform fmt`. */
import { unicodeEscape } from './unicode.ts';

/** Source to be evaluated; every other value is data. Created only from literals in our code. */
export class HclExpression {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** A call of a Terraform function with values: `jsonencode({ … })`. */
export class HclCall {
  readonly name: string;
  readonly args: readonly HclValue[];
  constructor(name: string, ...args: readonly HclValue[]) {
    this.name = name;
    this.args = args;
  }
}

export type HclValue =
  | string
  | number
  | boolean
  | HclExpression
  | HclCall
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
 * A quoted string. `${` and `%{` would start a template, so the sign becomes a `\u` escape; the doubled sign of the
 * specification has another meaning after another `$` or `%`.
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
  if (parts.length === 0) return `${indent}${head} {}`;
  return `${indent}${head} {\n${parts.join('\n\n')}\n${indent}}`;
}

/** Groups attributes on one line, with their `=` aligned; each multi-line attribute is separate. */
function hclAttributes(attributes: Readonly<Record<string, HclValue>>, indent: string): string[] {
  const rendered = Object.entries(attributes).map(
    ([name, value]) => [name, hclValue(value, indent)] as const,
  );
  const short = rendered.filter(([, text]) => !text.includes('\n'));
  const long = rendered.filter(([, text]) => text.includes('\n'));
  const groups = [...(short.length > 0 ? [short] : []), ...long.map((entry) => [entry])];
  return groups.map((group) => column(group, indent).join('\n'));
}

/** Aligns the `=` of consecutive lines; a multi-line value ends the column and is not aligned. */
function column(entries: readonly (readonly [string, string])[], indent: string): string[] {
  const isLong = (index: number): boolean => entries[index]?.[1].includes('\n') ?? true;
  const widthAt = (index: number): number => {
    if (isLong(index)) return 0;
    let [first, last] = [index, index];
    while (!isLong(first - 1)) first -= 1;
    while (!isLong(last + 1)) last += 1;
    return Math.max(...entries.slice(first, last + 1).map(([name]) => name.length));
  };
  return entries.map(([name, text], index) => `${indent}${name.padEnd(widthAt(index))} = ${text}`);
}

function hclValue(value: HclValue, indent: string): string {
  if (typeof value === 'string') return hclString(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof HclExpression) return value.source;
  if (value instanceof HclCall)
    return `${value.name}(${value.args.map((argument) => hclValue(argument, indent)).join(', ')})`;
  if (isList(value)) return `[${value.map((item) => hclValue(item, indent)).join(', ')}]`;
  const inner = `${indent}  `;
  if (Object.keys(value).length === 0) return '{}';
  const entries = Object.entries(value).map(
    ([name, item]) => [hclString(name), hclValue(item, inner)] as const,
  );
  return `{\n${column(entries, inner).join('\n')}\n${indent}}`;
}

const isList = (value: HclValue): value is readonly HclValue[] => Array.isArray(value);
