/** Turns a template's JSON with `[expressions]` into plain JSON. */
import { pureFunctions, string, templateFault } from './functions.ts';
import { isObject, type Json, type JsonObject, member, stringOf } from './json.ts';
import { type Expression, parseExpression } from './parse.ts';

/** What a template can see of the world: its parameters and variables, the deployment and the resources. */
export interface Surroundings {
  /** `parameters('name')` */
  readonly parameter: (name: string) => Json;
  /** `variables('name')` */
  readonly variable: (name: string) => Json;
  /** `reference(idOrName[, apiVersion[, 'Full']])` */
  reference(target: string, full: boolean): Json;
  readonly deployment: JsonObject;
  readonly subscription: JsonObject;
  readonly tenant: JsonObject;
  /** Absent in a deployment at subscription scope. */
  readonly resourceGroup: JsonObject | undefined;
  resourceId(args: readonly string[]): string;
  subscriptionResourceId(args: readonly string[]): string;
  extensionResourceId(args: readonly string[]): string;
}

export function evaluate(value: Json, around: Surroundings): Json {
  if (typeof value === 'string') return evaluateString(value, around);
  if (Array.isArray(value)) return value.map((item: Json) => evaluate(item, around));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, evaluate(item, around)]));
  return value;
}

function evaluateString(value: string, around: Surroundings): Json {
  if (!value.startsWith('[') || !value.endsWith(']')) return value;
  if (value.startsWith('[[')) return value.slice(1);
  return run(parseExpression(value.slice(1, -1)), around);
}

function run(expression: Expression, around: Surroundings): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'property':
      return select(run(expression.of, around), expression.name);
    case 'index':
      return select(run(expression.of, around), run(expression.at, around));
    case 'call':
      return call(expression, around);
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

function call({ name, args }: Expression & { kind: 'call' }, around: Surroundings): Json {
  const functionName = name.toLowerCase();
  // `if` alone leaves the branch not taken unevaluated.
  if (functionName === 'if') {
    const [condition, yes, no] = args;
    if (!condition || !yes || !no) throw templateFault("The template function 'if' takes three arguments.");
    return run(run(condition, around) === true ? yes : no, around);
  }
  const values = args.map((argument) => run(argument, around));
  const pure = pureFunctions.get(functionName);
  if (pure) return pure(...values);
  const [first] = values;
  switch (functionName) {
    case 'parameters':
      return around.parameter(string(first));
    case 'variables':
      return around.variable(string(first));
    case 'reference':
      return around.reference(string(first), values[2] === 'Full');
    case 'resourceid':
      return around.resourceId(values.map(string));
    case 'subscriptionresourceid':
      return around.subscriptionResourceId(values.map(string));
    case 'extensionresourceid':
      return around.extensionResourceId(values.map(string));
    case 'deployment':
      return around.deployment;
    case 'subscription':
      return around.subscription;
    case 'tenant':
      return around.tenant;
    case 'resourcegroup':
      if (around.resourceGroup) return around.resourceGroup;
  }
  throw templateFault(`The template function '${name}' is not valid.`);
}
