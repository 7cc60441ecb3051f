/** Plans a deployment: every resource with its id and its dependencies. */
import { composeResourceId, parseResourceId, type ResourceId, same } from '../resource-id.ts';
import { resourceTypeOf } from '../resources.ts';
import { evaluate, type TemplateContext } from '../template/evaluate.ts';
import { string, templateFault } from '../template/functions.ts';
import { isObject, type Json, type JsonObject, stringOf, text } from '../template/json.ts';
import { referencedNames } from './references.ts';
import { type DeploymentScope, scopeOf } from './template-context.ts';

const nestedType = 'Microsoft.Resources/deployments';

export interface Planned {
  readonly target: ResourceId;
  /** As in the template, with expressions; they are evaluated when the resource is created. */
  readonly raw: JsonObject;
  readonly name: string;
  /** Ids of planned resources. */
  readonly after: readonly string[];
}

/** Throws `invalid_request` for errors that ARM's validation reports before it creates anything. */
export function plan(
  template: JsonObject,
  deploymentScope: DeploymentScope,
  context: TemplateContext,
): readonly Planned[] {
  const resources = template.resources;
  if (!Array.isArray(resources)) throw templateFault("Required property 'resources' not found in JSON.");
  const all = resources.flatMap((raw: Json) => expand(raw, deploymentScope, context));
  const active = all.filter(({ condition }) => condition);
  for (const { target } of active) {
    if (active.filter((other) => same(other.target.id, target.id)).length > 1)
      throw templateFault(
        `The resource '${target.id}' is defined multiple times in a template. Please see https://aka.ms/arm-syntax-resources for usage details.`,
      );
  }
  const planned = active.map(({ target, raw, name }) => ({
    target,
    raw,
    name,
    after: dependencies(raw, all, active, context),
  }));
  rejectCycles(planned);
  return planned;
}

interface Declared {
  readonly target: ResourceId;
  readonly raw: JsonObject;
  readonly name: string;
  readonly condition: boolean;
}

function expand(
  raw: Json,
  deploymentScope: DeploymentScope,
  context: TemplateContext,
  parent?: { type: string; name: string },
): Declared[] {
  if (!isObject(raw)) throw templateFault('A resource of the template is not an object.');
  if (raw.copy !== undefined) throw templateFault("The sandbox does not evaluate 'copy'.");
  if (text(raw.apiVersion) === undefined)
    throw templateFault(`The template resource '${stringOf(raw.name)}' has no 'apiVersion'.`);
  const ownName = string(evaluate(raw.name ?? null, context));
  const ownType = string(raw.type);
  const type = parent ? `${parent.type}/${ownType}` : ownType;
  const name = parent ? `${parent.name}/${ownName}` : ownName;
  const names = name.split('/');
  if (names.length !== type.split('/').length - 1) {
    throw templateFault(
      `The template resource '${name}' of type '${type}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
  }
  const target = parseResourceId(
    composeResourceId(scopeFor(raw, type, deploymentScope, context), type, names),
  );
  if (!target) throw templateFault(`The template resource '${name}' has an invalid scope.`);
  if (!resourceTypeOf(type) && !same(type, nestedType))
    throw templateFault(`The sandbox does not support the resource type '${type}'.`);
  const condition = raw.condition === undefined || evaluate(raw.condition, context) === true;
  const children = Array.isArray(raw.resources) ? raw.resources : [];
  return [
    { target, raw, name, condition },
    ...children.flatMap((child: Json) => expand(child, deploymentScope, context, { type, name })),
  ];
}

/**
 * The scope of the resource: its `scope`, the group or subscription of a nested deployment, or the deployment's
 * scope.
 */
function scopeFor(
  raw: JsonObject,
  type: string,
  deploymentScope: DeploymentScope,
  context: TemplateContext,
): string {
  if (raw.scope !== undefined) {
    const scope = string(evaluate(raw.scope, context));
    return scope.startsWith('/') ? scope : relativeScope(scope, deploymentScope);
  }
  if (!same(type, nestedType)) return scopeOf(deploymentScope);
  const subscription = raw.subscriptionId
    ? string(evaluate(raw.subscriptionId, context))
    : deploymentScope.subscription;
  const group = raw.resourceGroup
    ? string(evaluate(raw.resourceGroup, context))
    : raw.subscriptionId
      ? undefined
      : deploymentScope.group;
  return scopeOf({ subscription, group });
}

/** `Microsoft.ManagedIdentity/userAssignedIdentities/NAME`, the format of Bicep for an extension resource. */
function relativeScope(scope: string, deploymentScope: DeploymentScope): string {
  const [namespace = '', ...pairs] = scope.split('/');
  const types = pairs.filter((_, index) => index % 2 === 0);
  const names = pairs.filter((_, index) => index % 2 === 1);
  return composeResourceId(scopeOf(deploymentScope), [namespace, ...types].join('/'), names);
}

function dependencies(
  raw: JsonObject,
  all: readonly Declared[],
  active: readonly Declared[],
  context: TemplateContext,
): string[] {
  const stated = Array.isArray(raw.dependsOn)
    ? raw.dependsOn.map((entry: Json) => string(evaluate(entry, context)))
    : [];
  const ids: string[] = [];
  for (const dependency of [...stated, ...referencedNames(raw, context)]) {
    const matches = (declared: Declared) =>
      same(declared.target.id, dependency) ||
      same(declared.name, dependency) ||
      same(`${declared.target.type}/${declared.name}`, dependency);
    if (!all.some(matches))
      throw templateFault(
        `The resource '${dependency}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.`,
      );
    // A dependency on a resource with a false condition is dropped.
    ids.push(...active.filter(matches).map(({ target }) => target.id));
  }
  return ids;
}

function rejectCycles(planned: readonly Planned[]): void {
  let open = planned;
  for (;;) {
    const ready = open.filter(
      ({ after }) => !after.some((id) => open.some(({ target }) => same(target.id, id))),
    );
    if (ready.length === 0) break;
    open = open.filter((item) => !ready.includes(item));
  }
  const [first] = open;
  if (first)
    throw templateFault(
      `Circular dependency detected on resource: '${first.target.id}'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
}
