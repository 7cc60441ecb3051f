/**
 * The resources that a body refers to by name. Only `reference('name')` creates an implicit dependency. According to
 * its documentation, `reference(resourceId(…))` does not; templates that rely on it sometimes fail in Azure, and
 * always here.
 */
import { evaluate, type TemplateContext } from '../template/evaluate.ts';
import { isObject, type Json, type JsonObject } from '../template/json.ts';
import { type Expression, parseExpression } from '../template/parse.ts';

export function referencedNames(raw: JsonObject, context: TemplateContext): string[] {
  const { resources: _children, ...own } = raw;
  return expressionsIn(own)
    .flatMap(calls)
    .filter(({ name }) => name.toLowerCase() === 'reference')
    .flatMap(({ args: [first] }) => literalName(first, context))
    .filter((name) => !name.startsWith('/'));
}

function expressionsIn(value: Json): Expression[] {
  if (typeof value === 'string')
    return value.startsWith('[') && value.endsWith(']') && !value.startsWith('[[')
      ? [parseExpression(value.slice(1, -1))]
      : [];
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  if (!isObject(value)) return [];
  // A nested template refers to its own resources, so it is skipped.
  return Object.entries(value).flatMap(([name, item]) => (name === 'template' ? [] : expressionsIn(item)));
}

function calls(expression: Expression): (Expression & { kind: 'call' })[] {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'property':
      return calls(expression.of);
    case 'index':
      return [...calls(expression.of), ...calls(expression.at)];
    case 'call':
      return [expression, ...expression.args.flatMap(calls)];
  }
}

function literalName(argument: Expression | undefined, context: TemplateContext): string[] {
  if (argument?.kind === 'literal') return [String(argument.value)];
  if (argument?.kind !== 'call' || !['parameters', 'variables'].includes(argument.name.toLowerCase()))
    return [];
  const [name] = argument.args;
  if (name?.kind !== 'literal') return [];
  const value = evaluate(`[${argument.name}('${name.value}')]`, context);
  return typeof value === 'string' ? [value] : [];
}
