/**
 * Bicep (learn.microsoft.com/azure/azure-resource-manager/bicep/data-types, "Strings"; …/file, "Bicep format"): only
 * names, single-quoted strings, lists and objects.
 */

/** Source to be evaluated; every other value is data. Created only from literals in our code. */
export class BicepExpression {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type BicepValue =
  | string
  | number
  | BicepExpression
  | readonly BicepValue[]
  | { readonly [name: string]: BicepValue };

export interface BicepStatement {
  /** The text before the `=`: `param identityName string`. */
  readonly head: string;
  readonly value: BicepValue;
  /** Our own expression: a resource exists only if it is true. */
  readonly condition?: string;
  /** `description`, `minLength` … */
  readonly decorators?: Readonly<Record<string, string | number>>;
}

const short: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  $: '\\$',
};

/** A string on one line. `$` starts an expression only before `{`. */
export function bicepString(text: string): string {
  const inside = text
    .toWellFormed()
    .replace(
      /['\\]|\$(?=\{)|[\p{C}\p{Zl}\p{Zp}]/gu,
      (character) => short[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
  return `'${inside}'`;
}

export const bicepDocument = (statements: readonly BicepStatement[]): string =>
  `${statements.map(statementText).join('\n\n')}\n`;

function statementText({ head, value, condition, decorators = {} }: BicepStatement): string {
  const above = Object.entries(decorators).map(
    ([name, argument]) => `@${name}(${bicepValue(argument, '')})\n`,
  );
  const only = condition === undefined ? '' : `if (${condition}) `;
  return `${above.join('')}${head} = ${only}${bicepValue(value, '')}`;
}

function bicepValue(value: BicepValue, indent: string): string {
  if (typeof value === 'string') return bicepString(value);
  if (typeof value === 'number') return String(value);
  if (value instanceof BicepExpression) return value.source;
  const inner = `${indent}  `;
  const [open, close, lines] = isList(value)
    ? ['[', ']', value.map((item) => bicepValue(item, inner))]
    : [
        '{',
        '}',
        Object.entries(value).map(([name, item]) => `${memberName(name)}: ${bicepValue(item, inner)}`),
      ];
  if (lines.length === 0) return open + close;
  return `${open}\n${lines.map((line) => `${inner}${line}\n`).join('')}${indent}${close}`;
}

const memberName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : bicepString(name));

const isList = (value: BicepValue): value is readonly BicepValue[] => Array.isArray(value);
