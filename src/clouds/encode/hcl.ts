/** Terraform's language (github.com/hashicorp/hcl, hclsyntax/spec.md), laid out as `terraform fmt` leaves it. */
import { unicodeEscape } from './unicode.ts';

/** Source that is meant to be evaluated; everything else is data. Only ever made of literals in our own code. */
export class HclExpression {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** A function of Terraform's, applied to values: `jsonencode({ … })`. */
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
  if (parts.length === 0) return `${indent}${head} {}`;
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

/** Lines that follow each other have their `=` in a column; a value of several lines ends the column and has none. */
function column(entries: readonly (readonly [string, string])[], indent: string): string[] {
  const isLong = (at: number): boolean => entries[at]?.[1].includes('\n') ?? true;
  const widthAt = (at: number): number => {
    if (isLong(at)) return 0;
    let [first, last] = [at, at];
    while (!isLong(first - 1)) first -= 1;
    while (!isLong(last + 1)) last += 1;
    return Math.max(...entries.slice(first, last + 1).map(([name]) => name.length));
  };
  return entries.map(([name, text], at) => `${indent}${name.padEnd(widthAt(at))} = ${text}`);
}

function hclValue(value: HclValue, indent: string): string {
  if (typeof value === 'string') return hclString(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof HclExpression) return value.source;
  if (value instanceof HclCall)
    return `${value.name}(${value.args.map((each) => hclValue(each, indent)).join(', ')})`;
  if (isList(value)) return `[${value.map((item) => hclValue(item, indent)).join(', ')}]`;
  const inner = `${indent}  `;
  if (Object.keys(value).length === 0) return '{}';
  const entries = Object.entries(value).map(
    ([name, item]) => [hclString(name), hclValue(item, inner)] as const,
  );
  return `{\n${column(entries, inner).join('\n')}\n${indent}}`;
}

const isList = (value: HclValue): value is readonly HclValue[] => Array.isArray(value);
