/** Azure Policy with the effect deny: https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule */
import { SojournError } from '../../platform/errors/index.ts';
import type { ResourceId } from './resource-id.ts';
import { type Refusal, refuse } from './responses.ts';
import { pureFunctions, string, templateFault } from './template/functions.ts';
import { isObject, type Json, type JsonObject, member, stringOf } from './template/json.ts';
import { type Expression, parseExpression } from './template/parse.ts';

interface Scope {
  readonly field: (name: string) => Json | undefined;
  readonly parameter: (name: string) => Json;
}

/** The refusal of the first policy that denies the resource. */
export function policyRefusal(
  policies: readonly JsonObject[],
  target: ResourceId,
  body: JsonObject,
): Refusal | undefined {
  for (const document of policies) {
    const definition = isObject(document.definition) ? document.definition : document;
    const content = isObject(definition.properties) ? definition.properties : definition;
    const { policyRule: rule } = content;
    if (!isObject(rule) || !isObject(rule.then)) continue;
    const scope: Scope = {
      parameter: (name) => parameterOf(name, content, document),
      field: (name) => fieldOf(name, target, body),
    };
    const effect = stringOf(evaluate(rule.then.effect ?? null, scope)).toLowerCase();
    if (effect === 'deny' && denies(rule.if ?? null, scope))
      return refuse(
        403,
        'RequestDisallowedByPolicy',
        `Resource '${target.names.at(-1)}' was disallowed by policy. Policy identifiers: '[{"policyDefinition":{"name":"${stringOf(content.displayName ?? definition.name)}"}}]'.`,
      );
  }
  return undefined;
}

/** An error in a template function counts as a match: a failed evaluation is an implicit deny. */
function denies(condition: Json, scope: Scope): boolean {
  try {
    return holds(condition, scope);
  } catch (error) {
    if (error instanceof SojournError) return true;
    throw error;
  }
}

function parameterOf(name: string, { parameters }: JsonObject, { assignment }: JsonObject): Json {
  const holder = isObject(assignment) && isObject(assignment.properties) ? assignment.properties : assignment;
  const values = isObject(holder) && isObject(holder.parameters) ? holder.parameters : {};
  const given = member(values, name);
  const declared = isObject(parameters) ? member(parameters, name) : undefined;
  const value = isObject(given) ? given.value : isObject(declared) ? declared.defaultValue : undefined;
  if (value === undefined) throw templateFault(`The policy parameter '${name}' has no value.`);
  return value;
}

function fieldOf(name: string, target: ResourceId, body: JsonObject): Json | undefined {
  const lower = name.toLowerCase();
  if (lower === 'type') return target.type;
  if (lower === 'name') return target.names.at(-1);
  if (lower === 'id') return target.id;
  if (!lower.includes('/')) return member(body, name);
  if (!lower.startsWith(`${target.type.toLowerCase()}/`)) return undefined;
  const key = name.slice(target.type.length + 1).replace('[*]', '');
  return isObject(body.properties) ? member(body.properties, key) : undefined;
}

function holds(condition: Json, scope: Scope): boolean {
  if (!isObject(condition)) throw templateFault('A policy condition is not an object.');
  const { allOf, anyOf, not, field, value, count, ...operators } = condition;
  if (Array.isArray(allOf)) return allOf.every((item: Json) => holds(item, scope));
  if (Array.isArray(anyOf)) return anyOf.some((item: Json) => holds(item, scope));
  if (not !== undefined) return !holds(not, scope);
  const [[operator, raw] = ['', null]] = Object.entries(operators);
  const operand = Array.isArray(raw) ? raw.map((item: Json) => evaluate(item, scope)) : evaluate(raw, scope);
  if (count !== undefined) {
    const counted = isObject(count) ? evaluate(count.value ?? null, scope) : null;
    return compare(operator, Array.isArray(counted) ? counted.length : 0, operand);
  }
  if (value !== undefined) return compare(operator, evaluate(value, scope), operand);
  const name = stringOf(field);
  const actual = scope.field(name);
  return name.endsWith('[*]') && Array.isArray(actual)
    ? actual.every((item: Json) => compare(operator, item, operand))
    : compare(operator, actual, operand);
}

const lower = (value: Json | undefined): string => stringOf(value).toLowerCase();

function compare(operator: string, actual: Json | undefined, operand: Json): boolean {
  const [negated, name] = /^not[A-Z]/.test(operator)
    ? [true, operator.charAt(3).toLowerCase() + operator.slice(4)]
    : [false, operator];
  const result = (() => {
    switch (name) {
      case 'equals':
        return lower(actual) === lower(operand);
      case 'like': {
        const source = lower(operand)
          .replace(/[\\^$.+?()[\]{}|]/g, '\\$&')
          .replaceAll('*', '.*');
        return new RegExp(`^${source}$`, 's').test(lower(actual));
      }
      case 'contains':
        return Array.isArray(actual)
          ? actual.some((item: Json) => lower(item) === lower(operand))
          : lower(actual).includes(lower(operand));
      case 'in':
        return Array.isArray(operand) && operand.some((item: Json) => lower(item) === lower(actual));
      case 'exists':
        return (actual !== undefined) === (lower(operand) === 'true');
      case 'greater':
        return Number(actual) > Number(operand);
      case 'greaterOrEquals':
        return Number(actual) >= Number(operand);
      case 'less':
        return Number(actual) < Number(operand);
      case 'lessOrEquals':
        return Number(actual) <= Number(operand);
    }
    throw templateFault(`The sandbox does not evaluate the policy condition '${operator}'.`);
  })();
  return negated ? !result : result;
}

function evaluate(value: Json, scope: Scope): Json {
  if (typeof value !== 'string' || !value.startsWith('[') || !value.endsWith(']')) return value;
  return value.startsWith('[[') ? value.slice(1) : run(parseExpression(value.slice(1, -1)), scope);
}

function run(expression: Expression, scope: Scope): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'property':
    case 'index': {
      const of = run(expression.of, scope);
      const key = expression.kind === 'property' ? expression.name : run(expression.at, scope);
      const found = Array.isArray(of)
        ? (of[Number(key)] as Json | undefined)
        : isObject(of)
          ? member(of, string(key))
          : undefined;
      if (found === undefined) throw templateFault(`The property '${stringOf(key)}' doesn't exist.`);
      return found;
    }
    case 'call':
      return call(expression, scope);
  }
}

function call({ name, args }: Expression & { kind: 'call' }, scope: Scope): Json {
  const functionName = name.toLowerCase();
  const [condition, yes, no] = args;
  if (functionName === 'if' && condition && yes && no)
    return run(run(condition, scope) === true ? yes : no, scope);
  const values = args.map((argument) => run(argument, scope));
  const [first = null, second = null] = values;
  switch (functionName) {
    case 'field':
      return scope.field(string(first)) ?? '';
    case 'parameters':
      return scope.parameter(string(first));
    case 'split':
      return stringOf(first).split(stringOf(second));
    case 'greaterorequals':
      return Number(first) >= Number(second);
    case 'contains':
      return Array.isArray(first) ? first.includes(second) : stringOf(first).includes(stringOf(second));
  }
  const pure = pureFunctions.get(functionName);
  if (pure) return pure(...values);
  throw templateFault(`The policy function '${name}' is not valid.`);
}
