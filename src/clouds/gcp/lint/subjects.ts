/** The subjects that the expressions of a provider distinguish, with an example of each class. */
import { classesOf, compilePattern, type Pattern, type StringClass } from '../../patterns.ts';
import { likeAnId, subjectsOf } from '../../subjects.ts';
import { type Expression, evaluate } from './cel.ts';
import { unknown, type Value } from './cel-values.ts';

export interface Subjects {
  readonly examples: readonly StringClass[];
  /** Every subject is in the class of an example: the expressions compare it only in ways that classes express. */
  readonly isComplete: boolean;
}

export function subjectsFor(
  expressions: readonly Expression[],
  own: string,
  isOwnAdmitted: boolean,
): Subjects {
  const uses = expressions.flatMap(usesIn);
  const patterns = uses.flatMap(({ operation, text }) => patternFor(operation, text));
  const exact = compilePattern([own], { wildcards: false, ignoreCase: false });
  const all = [exact, ...patterns];
  const classes = classesOf(all, subjectsOf(isOwnAdmitted))?.map(({ example, isNamed }) => ({
    example: isNamed ? example : likeAnId(example, all, own),
    isNamed,
  }));
  const isComplete = classes !== undefined && uses.every(({ operation }) => operation !== 'other');
  // For functions such as split and extract: texts around the literals of the expressions.
  const derived = isComplete
    ? []
    : derivedFrom(
        uses.map(({ text }) => text),
        own,
      );
  const examples = [...(classes ?? []), ...derived.map((example) => ({ example, isNamed: false }))].map(
    ({ example, isNamed }) => ({
      example,
      isNamed: isNamed && uses.some(({ operation, text }) => operation === 'equal' && text === example),
    }),
  );
  return { examples: examples.filter(({ example }) => example !== own && example !== ''), isComplete };
}

interface Use {
  readonly operation: 'equal' | 'startsWith' | 'endsWith' | 'contains' | 'other';
  readonly text: string;
}

/** Constants and how they are compared. A constant in any other place makes the answer incomplete. */
function usesIn(node: Expression): Use[] {
  const constant = constantOf(node);
  if (constant !== undefined)
    return typeof constant === 'string' ? [{ operation: 'other', text: constant }] : [];
  const { op, args } = node;
  if (op === '==' || op === '!=') return args.flatMap((side) => comparedWith(side, 'equal'));
  if (op === 'in') {
    const [item, container] = args;
    const elements = container.op === 'list' ? container.args : [container];
    return [item, ...elements].flatMap((side) => comparedWith(side, 'equal'));
  }
  if (op === '&&' || op === '||' || op === '?:') return args.flatMap(usesIn);
  if (op === '!_') return usesIn(args);
  if (op === 'id' || isClaim(node)) return [];
  if (op === 'call' && args[0] === 'has') return [];
  if (op === 'rcall') {
    const [name, receiver, parameters] = args;
    if ((name === 'startsWith' || name === 'endsWith' || name === 'contains') && isClaim(receiver))
      return parameters.flatMap((side) => comparedWith(side, name));
  }
  return [other, ...childrenOf(args).flatMap(usesIn)];
}

/** The expression compares more than classes express. */
const other: Use = { operation: 'other', text: '' };

const comparedWith = (side: Expression, operation: Use['operation']): Use[] => {
  const constant = constantOf(side);
  return typeof constant === 'string' ? [{ operation, text: constant }] : usesIn(side);
};

/** The value of an expression without variables. */
function constantOf(node: Expression): Value | undefined {
  if (node.op === 'id' || childrenOf(node.args).some((child) => constantOf(child) === undefined))
    return undefined;
  const value = evaluate(node, new Map());
  return value === unknown ? undefined : value;
}

export function childrenOf(args: unknown): Expression[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as Expression] : [];
}

/** All constant texts in an expression. */
export const literalsIn = (expression: Expression): string[] =>
  usesIn(expression).flatMap(({ text }) => (text === '' ? [] : [text]));

/** `assertion.sub`, `assertion['sub']`, `google.subject`. */
const isClaim = (node: Expression): boolean =>
  (node.op === '.' && node.args[0].op === 'id') ||
  (node.op === '[]' &&
    node.args[0].op === 'id' &&
    node.args[1].op === 'value' &&
    typeof node.args[1].args === 'string');

function patternFor(operation: Use['operation'], text: string): Pattern[] {
  const compile = (parts: readonly string[]) => [
    compilePattern(parts, { wildcards: true, ignoreCase: false }),
  ];
  if (operation === 'startsWith') return compile(['', text, '*']);
  if (operation === 'endsWith') return compile(['*', text]);
  if (operation === 'contains') return compile(['*', text, '*']);
  return [compilePattern([text], { wildcards: false, ignoreCase: false })];
}

function derivedFrom(texts: readonly string[], own: string): string[] {
  const parts = [...new Set([...texts, ...texts.flatMap((text) => text.split(/\{\w+\}/))])].filter(
    (text) => text.length < 200,
  );
  return [
    ...[
      `${own}x`,
      `x${own}`,
      own.toUpperCase(),
      `con_${'0'.repeat(26)}`,
      `${own.slice(0, -1)}0`,
      'x'.repeat(own.length),
    ],
    ...parts.flatMap((part) => [
      part,
      `${part}x`,
      `x${part}`,
      `${own}${part}x`,
      `x${part}${own}`,
      `${part}${own}${part}x`,
      `x${part}${own}${part}x`,
    ]),
    ...parts.flatMap((a) => parts.flatMap((b) => [`${a}${own}${b}`, `x${a}${own}${b}x`])).slice(0, 400),
  ];
}
