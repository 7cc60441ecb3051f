/** What a template would make: every resource with its id and what has to be made before it. */
import { composeResourceId, parseResourceId, type ResourceId, same } from '../resource-id.ts';
import { kindOf } from '../resources.ts';
import { evaluate, type Surroundings } from '../template/evaluate.ts';
import { string, templateFault } from '../template/functions.ts';
import { isObject, type Json, type JsonObject, stringOf, text } from '../template/json.ts';
import { referencedNames } from './references.ts';
import { type Place, scopeOf } from './surroundings.ts';

const nestedType = 'Microsoft.Resources/deployments';

export interface Planned {
  readonly target: ResourceId;
  /** As in the template, expressions and all; they are evaluated when its turn comes. */
  readonly raw: JsonObject;
  readonly name: string;
  /** Ids of planned resources. */
  readonly after: readonly string[];
}

/** Rejects with `invalid_request` what ARM's validation refuses before anything is made. */
export function plan(template: JsonObject, place: Place, around: Surroundings): readonly Planned[] {
  const resources = template.resources;
  if (!Array.isArray(resources)) throw templateFault("Required property 'resources' not found in JSON.");
  const all = resources.flatMap((raw: Json) => expand(raw, place, around));
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
    after: dependencies(raw, all, active, around),
  }));
  refuseCircles(planned);
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
  place: Place,
  around: Surroundings,
  parent?: { type: string; name: string },
): Declared[] {
  if (!isObject(raw)) throw templateFault('A resource of the template is not an object.');
  if (raw.copy !== undefined) throw templateFault("The sandbox does not evaluate 'copy'.");
  if (text(raw.apiVersion) === undefined)
    throw templateFault(`The template resource '${stringOf(raw.name)}' has no 'apiVersion'.`);
  const ownName = string(evaluate(raw.name ?? null, around));
  const ownType = string(raw.type);
  const type = parent ? `${parent.type}/${ownType}` : ownType;
  const name = parent ? `${parent.name}/${ownName}` : ownName;
  const names = name.split('/');
  if (names.length !== type.split('/').length - 1) {
    throw templateFault(
      `The template resource '${name}' of type '${type}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
  }
  const target = parseResourceId(composeResourceId(scopeFor(raw, type, place, around), type, names));
  if (!target) throw templateFault(`The template resource '${name}' has an invalid scope.`);
  if (!kindOf(type) && !same(type, nestedType))
    throw templateFault(`The resource type '${type}' is not one that the sandbox has.`);
  const condition = raw.condition === undefined || evaluate(raw.condition, around) === true;
  const children = Array.isArray(raw.resources) ? raw.resources : [];
  return [
    { target, raw, name, condition },
    ...children.flatMap((child: Json) => expand(child, place, around, { type, name })),
  ];
}

/** Where the resource hangs: its `scope`, the group or subscription that a nested deployment names, or this place. */
function scopeFor(raw: JsonObject, type: string, place: Place, around: Surroundings): string {
  if (raw.scope !== undefined) {
    const scope = string(evaluate(raw.scope, around));
    return scope.startsWith('/') ? scope : relativeScope(scope, place);
  }
  if (!same(type, nestedType)) return scopeOf(place);
  const subscription = raw.subscriptionId ? string(evaluate(raw.subscriptionId, around)) : place.subscription;
  const group = raw.resourceGroup
    ? string(evaluate(raw.resourceGroup, around))
    : raw.subscriptionId
      ? undefined
      : place.group;
  return scopeOf({ subscription, group });
}

/** `Microsoft.ManagedIdentity/userAssignedIdentities/NAME`, as Bicep writes the scope of an extension resource. */
function relativeScope(scope: string, place: Place): string {
  const [namespace = '', ...pairs] = scope.split('/');
  const types = pairs.filter((_, index) => index % 2 === 0);
  const names = pairs.filter((_, index) => index % 2 === 1);
  return composeResourceId(scopeOf(place), [namespace, ...types].join('/'), names);
}

function dependencies(
  raw: JsonObject,
  all: readonly Declared[],
  active: readonly Declared[],
  around: Surroundings,
): string[] {
  const stated = Array.isArray(raw.dependsOn)
    ? raw.dependsOn.map((entry: Json) => string(evaluate(entry, around)))
    : [];
  const ids: string[] = [];
  for (const wanted of [...stated, ...referencedNames(raw, around)]) {
    const matches = (one: Declared) =>
      same(one.target.id, wanted) || same(one.name, wanted) || same(`${one.target.type}/${one.name}`, wanted);
    if (!all.some(matches))
      throw templateFault(
        `The resource '${wanted}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.`,
      );
    // A dependency on a resource whose condition is false is dropped.
    ids.push(...active.filter(matches).map(({ target }) => target.id));
  }
  return ids;
}

function refuseCircles(planned: readonly Planned[]): void {
  let open = planned;
  for (;;) {
    const ready = open.filter(
      ({ after }) => !after.some((id) => open.some(({ target }) => same(target.id, id))),
    );
    if (ready.length === 0) break;
    open = open.filter((one) => !ready.includes(one));
  }
  const [first] = open;
  if (first)
    throw templateFault(
      `Circular dependency detected on resource: '${first.target.id}'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
}
