/** Evaluates the `[expressions]` in a template's JSON. */
import { pureFunctions, string, templateFault } from './functions.ts';
import { isObject, type Json, type JsonObject, member, stringOf } from './json.ts';
import { type Expression, parseExpression } from './parse.ts';

/** What a template can access: its parameters and variables, the deployment and the resources. */
export interface TemplateContext {
  /** `parameters('name')` */
  readonly parameter: (name: string) => Json;
  /** `variables('name')` */
  readonly variable: (name: string) => Json;
  /** `reference(idOrName[, apiVersion[, 'Full']])` */
  reference(target: string, full: boolean): Json;
  readonly deployment: JsonObject;
  readonly subscription: JsonObject;
  readonly tenant: JsonObject;
  /** Undefined in a deployment at subscription scope. */
  readonly resourceGroup: JsonObject | undefined;
  resourceId(args: readonly string[]): string;
  subscriptionResourceId(args: readonly string[]): string;
  extensionResourceId(args: readonly string[]): string;
}

export function evaluate(value: Json, context: TemplateContext): Json {
  if (typeof value === 'string') return evaluateString(value, context);
  if (Array.isArray(value)) return value.map((item: Json) => evaluate(item, context));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, evaluate(item, context)]));
  return value;
}

function evaluateString(value: string, context: TemplateContext): Json {
  if (!value.startsWith('[') || !value.endsWith(']')) return value;
  if (value.startsWith('[[')) return value.slice(1);
  return run(parseExpression(value.slice(1, -1)), context);
}

function run(expression: Expression, context: TemplateContext): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'property':
      return select(run(expression.of, context), expression.name);
    case 'index':
      return select(run(expression.of, context), run(expression.at, context));
    case 'call':
      return call(expression, context);
  }
}

function select(from: Json, key: Json): Json {
  const found =
    Array.isArray(from) && typeof key === 'number'
      ? (from[key] as Json | undefined)
      : isObject(from)
        ? member(from, string(key))
        : undefined;
  if (found !== undefined) return found;
  throw templateFault(
    `The language expression property '${stringOf(key)}' doesn't exist${isObject(from) ? `, available properties are '${Object.keys(from).join(', ')}'` : ''}.`,
  );
}

function call({ name, args }: Expression & { kind: 'call' }, context: TemplateContext): Json {
  const functionName = name.toLowerCase();
  // Only `if` leaves a branch unevaluated.
  if (functionName === 'if') {
    const [condition, yes, no] = args;
    if (!condition || !yes || !no) throw templateFault("The template function 'if' takes three arguments.");
    return run(run(condition, context) === true ? yes : no, context);
  }
  const values = args.map((argument) => run(argument, context));
  const pure = pureFunctions.get(functionName);
  if (pure) return pure(...values);
  const [first] = values;
  switch (functionName) {
    case 'parameters':
      return context.parameter(string(first));
    case 'variables':
      return context.variable(string(first));
    case 'reference':
      return context.reference(string(first), values[2] === 'Full');
    case 'resourceid':
      return context.resourceId(values.map(string));
    case 'subscriptionresourceid':
      return context.subscriptionResourceId(values.map(string));
    case 'extensionresourceid':
      return context.extensionResourceId(values.map(string));
    case 'deployment':
      return context.deployment;
    case 'subscription':
      return context.subscription;
    case 'tenant':
      return context.tenant;
    case 'resourcegroup':
      if (context.resourceGroup) return context.resourceGroup;
  }
  throw templateFault(`The template function '${name}' is not valid.`);
}
