/** The context of template functions in one deployment: its scope and the resources that exist so far. */
import { SojournError } from '../../../platform/errors/index.ts';
import { composeResourceId, parseResourceId, type ResourceId } from '../resource-id.ts';
import type { CloudState } from '../resource-types/resource-type.ts';
import { evaluate, type TemplateContext } from '../template/evaluate.ts';
import { templateFault } from '../template/functions.ts';
import { isObject, type JsonObject, member } from '../template/json.ts';
import { bindParameters } from '../template/parameters.ts';

export interface DeploymentScope {
  readonly subscription: string;
  readonly group: string | undefined;
}

export const scopeOf = ({ subscription, group }: DeploymentScope): string =>
  group ? `/subscriptions/${subscription}/resourceGroups/${group}` : `/subscriptions/${subscription}`;

/** Finds a resource for `reference()`; the result depends on what exists at that time. */
export type Lookup = (
  idOrName: string,
) => { readonly properties: JsonObject; readonly full: JsonObject } | undefined;

/** `outer`: the parent's context, for a nested template that is evaluated in its parent's scope. */
export function createTemplateContext(
  template: JsonObject,
  provided: JsonObject,
  deploymentScope: DeploymentScope,
  target: ResourceId,
  state: CloudState,
  lookup: Lookup,
  outer?: TemplateContext,
): TemplateContext {
  const { directory } = state;
  const tenantId = directory.tenantOf(deploymentScope.subscription) ?? '';
  const group = deploymentScope.group ? directory.get(scopeOf(deploymentScope)) : undefined;
  const variables = isObject(template.variables) ? template.variables : {};
  const context: TemplateContext = {
    parameter: (name) => parameters(name),
    variable(name) {
      const value = member(variables, name);
      if (value === undefined) throw templateFault(`The template variable '${name}' is not found.`);
      return evaluate(value, context);
    },
    reference(idOrName, full) {
      const resource = lookup(idOrName);
      if (resource) return full ? resource.full : resource.properties;
      throw new SojournError('not_found', { detail: notFoundDetail(idOrName) });
    },
    deployment: {
      name: target.names[0] ?? '',
      properties: { mode: 'Incremental', provisioningState: 'Accepted' },
    },
    subscription: {
      id: `/subscriptions/${deploymentScope.subscription}`,
      subscriptionId: deploymentScope.subscription,
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
    resourceId: (args) => resourceId(args, deploymentScope),
    subscriptionResourceId: (args) =>
      resourceId(args, { subscription: deploymentScope.subscription, group: undefined }),
    extensionResourceId: ([base = '', type = '', ...names]) => composeResourceId(base, type, names),
  };
  const declared = isObject(template.parameters) ? template.parameters : {};
  const parameters = outer
    ? outer.parameter
    : bindParameters(declared, provided, (value) => evaluate(value, context));
  return outer ? { ...context, variable: outer.variable } : context;
}

function notFoundDetail(idOrName: string): string {
  const id = parseResourceId(idOrName);
  if (!id) return `The resource '${idOrName}' is not defined in the template.`;
  const name = `${id.type}/${id.names.join('/')}`;
  return `The Resource '${name}' under resource group '${id.group ?? '<null>'}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
}

/**
 * `resourceId([subscriptionId], [resourceGroupName], type, name, …)`: the type is the first argument with a slash.
 */
function resourceId(args: readonly string[], deploymentScope: DeploymentScope): string {
  const typeAt = args.findIndex((argument) => argument.includes('/'));
  const type = args[typeAt];
  const names = args.slice(typeAt + 1);
  if (type === undefined || names.length !== type.split('/').length - 1)
    throw templateFault(
      `Unable to evaluate template language function 'resourceId': the type '${type ?? ''}' requires as many names as it has levels.`,
    );
  const before = args.slice(0, typeAt);
  const group = deploymentScope.group === undefined ? undefined : (before.at(-1) ?? deploymentScope.group);
  const subscription =
    (deploymentScope.group === undefined ? before[0] : before.at(-2)) ?? deploymentScope.subscription;
  return composeResourceId(scopeOf({ subscription, group }), type, names);
}
