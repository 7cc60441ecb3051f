/** What a template's functions see in one deployment: where it goes, and the resources that exist so far. */
import { SojournError } from '../../../platform/errors/index.ts';
import type { Estate } from '../kinds/kind.ts';
import { composeResourceId, parseResourceId, type ResourceId } from '../resource-id.ts';
import { evaluate, type Surroundings } from '../template/evaluate.ts';
import { templateFault } from '../template/functions.ts';
import { isObject, type JsonObject, member } from '../template/json.ts';
import { bindParameters } from '../template/parameters.ts';

export interface Place {
  readonly subscription: string;
  readonly group: string | undefined;
}

export const scopeOf = ({ subscription, group }: Place): string =>
  group ? `/subscriptions/${subscription}/resourceGroups/${group}` : `/subscriptions/${subscription}`;

/** Looks a resource up for `reference()`; the run decides what exists at that moment. */
export type Lookup = (
  idOrName: string,
) => { readonly properties: JsonObject; readonly full: JsonObject } | undefined;

/** `outer` lends its parameters and variables to a nested template that is evaluated in its parent's scope. */
export function surround(
  template: JsonObject,
  given: JsonObject,
  place: Place,
  target: ResourceId,
  estate: Estate,
  lookup: Lookup,
  outer?: Surroundings,
): Surroundings {
  const { directory } = estate;
  const tenantId = directory.tenantOf(place.subscription) ?? '';
  const group = place.group ? directory.get(scopeOf(place)) : undefined;
  const variables = isObject(template.variables) ? template.variables : {};
  const around: Surroundings = {
    parameter: (name) => parameters(name),
    variable(name) {
      const value = member(variables, name);
      if (value === undefined) throw templateFault(`The template variable '${name}' is not found.`);
      return evaluate(value, around);
    },
    reference(idOrName, full) {
      const found = lookup(idOrName);
      if (found) return full ? found.full : found.properties;
      throw new SojournError('not_found', { detail: absent(idOrName) });
    },
    deployment: {
      name: target.names[0] ?? '',
      properties: { mode: 'Incremental', provisioningState: 'Accepted' },
    },
    subscription: {
      id: `/subscriptions/${place.subscription}`,
      subscriptionId: place.subscription,
      tenantId,
      displayName: 'Sandbox',
    },
    tenant: { tenantId, countryCode: 'DE', displayName: 'Sandbox' },
    resourceGroup: group && {
      id: group.id,
      name: group.name,
      type: group.type,
      location: group.location ?? '',
      properties: group.properties,
    },
    resourceId: (args) => resourceId(args, place),
    subscriptionResourceId: (args) =>
      resourceId(args, { subscription: place.subscription, group: undefined }),
    extensionResourceId: ([base = '', type = '', ...names]) => composeResourceId(base, type, names),
  };
  const declared = isObject(template.parameters) ? template.parameters : {};
  const parameters = outer
    ? outer.parameter
    : bindParameters(declared, given, (value) => evaluate(value, around));
  return outer ? { ...around, variable: outer.variable } : around;
}

function absent(idOrName: string): string {
  const id = parseResourceId(idOrName);
  if (!id) return `The resource '${idOrName}' is not defined in the template.`;
  const name = `${id.type}/${id.names.join('/')}`;
  return `The Resource '${name}' under resource group '${id.group ?? '<null>'}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
}

/** `resourceId([subscriptionId], [resourceGroupName], type, name, …)`: the type is the first argument with a slash. */
function resourceId(args: readonly string[], place: Place): string {
  const typeAt = args.findIndex((argument) => argument.includes('/'));
  const type = args[typeAt];
  const names = args.slice(typeAt + 1);
  if (type === undefined || names.length !== type.split('/').length - 1)
    throw templateFault(
      `Unable to evaluate template language function 'resourceId': the type '${type ?? ''}' requires as many names as it has levels.`,
    );
  const before = args.slice(0, typeAt);
  const group = place.group === undefined ? undefined : (before.at(-1) ?? place.group);
  const subscription = (place.group === undefined ? before[0] : before.at(-2)) ?? place.subscription;
  return composeResourceId(scopeOf({ subscription, group }), type, names);
}
