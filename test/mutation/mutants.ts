/** The mutants of a source: one small change each, as text ranges, so that comments, types and lines stay as they are. */
import { parse } from '@babel/parser';

export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** From 1. */
  readonly line: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

const operators: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+=': '-=',
  '-=': '+=',
  '++': '--',
  '--': '++',
};

const methods: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
};
/** Calls that return a changed copy of their receiver; the mutant returns the receiver. */
const copying = ['filter', 'toSorted', 'toReversed', 'slice', 'trim', 'toLowerCase', 'replace', 'replaceAll'];

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
const child = (node: Node, name: string): Node | undefined => {
  const value = node[name];
  return isNode(value) ? value : undefined;
};

/** Nodes of types and imports have no behaviour; the wording of logs and of schema descriptions is not under test. */
function isSkipped(node: Node): boolean {
  if (/^(Import|Export(All|Specifier)|Directive)/.test(node.type)) return true;
  if (node.type.startsWith('TS') && !/^TS(As|Satisfies|NonNull)/.test(node.type)) return true;
  if (node.type !== 'CallExpression') return false;
  const callee = child(node, 'callee');
  const property = callee && child(callee, 'property')?.name;
  const object = callee && child(callee, 'object')?.name;
  return property === 'describe' || object === 'logger' || object === 'log';
}

export function mutantsOf(source: string): Mutant[] {
  const mutants: Mutant[] = [];
  const textOf = ({ start, end }: Node) => source.slice(start, end);
  const add = (node: Node, replacement: string, range: Pick<Node, 'start' | 'end'> = node) => {
    if (source.slice(range.start, range.end) === replacement) return;
    mutants.push({ start: range.start, end: range.end, replacement, line: node.loc.start.line });
  };

  /** The operator stands between its operands, or before or after its only one. */
  function swapOperator(node: Node): void {
    const operator = String(node.operator);
    const swapped = operators[operator];
    const left = child(node, 'left');
    const right = child(node, 'right');
    const isText = [left, right].some((side) => side && /^(String|Template)Literal$/.test(side.type));
    if (swapped === undefined || (isText && operator.startsWith('+'))) return;
    const from = left ? left.end : node.start;
    const to = right ? right.start : node.end;
    const start = from + source.slice(from, to).indexOf(operator);
    add(node, swapped, { start, end: start + operator.length });
    // Without parentheses, a mixture of ?? with && or || is no JavaScript.
    if (operator === '&&' || operator === '||' || operator === '??') {
      mutants.pop();
      if (left && right) add(node, `((${textOf(left)}) ${swapped} (${textOf(right)}))`);
    }
  }

  function changeCall(node: Node): void {
    const callee = child(node, 'callee');
    const property = callee && child(callee, 'property');
    const object = callee && child(callee, 'object');
    if (!callee || !property || !object || callee.computed === true) return;
    const name = String(property.name);
    const swapped = methods[name];
    if (swapped !== undefined) add(property, swapped);
    if (copying.includes(name)) add(node, textOf(object));
  }

  const changes: Readonly<Record<string, (node: Node) => void>> = {
    BinaryExpression: swapOperator,
    LogicalExpression: swapOperator,
    AssignmentExpression: swapOperator,
    UpdateExpression: swapOperator,
    CallExpression: changeCall,
    UnaryExpression(node) {
      const argument = child(node, 'argument');
      if (argument && (node.operator === '!' || node.operator === '-')) add(node, `(${textOf(argument)})`);
    },
    BooleanLiteral: (node) => add(node, String(node.value !== true)),
    NumericLiteral: (node) => add(node, String(Number(node.value) + 1)),
    StringLiteral: (node) => add(node, node.value === '' ? "'mutant'" : "''"),
    TemplateLiteral: (node) => add(node, '``'),
    RegExpLiteral: (node) => add(node, '/(?!)/g'),
    ArrayExpression(node) {
      if ((node.elements as unknown[]).length > 0) add(node, '[]');
    },
    ReturnStatement(node) {
      const argument = child(node, 'argument');
      if (argument) add(node, 'undefined', argument);
    },
    ExpressionStatement(node) {
      const type = child(node, 'expression')?.type ?? '';
      if (/^(Call|Await|Assignment|Update)Expression$/.test(type)) add(node, ';');
    },
    ThrowStatement: (node) => add(node, ';'),
    ArrowFunctionExpression(node) {
      const body = child(node, 'body');
      if (body && body.type !== 'BlockStatement') {
        const open = source.lastIndexOf('=>', body.start) + 2;
        add(body, ' undefined', { start: open, end: node.end });
      }
    },
  };
  const tests = [
    'IfStatement',
    'ConditionalExpression',
    'WhileStatement',
    'DoWhileStatement',
    'ForStatement',
  ];

  function walk(node: Node): void {
    if (isSkipped(node)) return;
    changes[node.type]?.(node);
    const condition = tests.includes(node.type) ? child(node, 'test') : undefined;
    if (condition) for (const value of ['true', 'false']) add(condition, value);
    for (const [key, value] of Object.entries(node)) {
      // Names of members are no values, and a computed one is under test where it is used.
      if (key === 'key' && node.computed !== true) continue;
      if (key === 'typeAnnotation' || key === 'extra') continue;
      for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) walk(item);
    }
  }

  const { program } = parse(source, { sourceType: 'module', plugins: ['typescript'], attachComment: false });
  walk(program as unknown as Node);
  return mutants;
}

export const applyMutant = (source: string, { start, end, replacement }: Mutant): string =>
  source.slice(0, start) + replacement + source.slice(end);
