/** ARM's resource ids: `/subscriptions/S/resourceGroups/G/providers/Namespace/type/name/type/name`. */

export interface ResourceId {
  /** In the case that the client used; ARM compares case-insensitively. */
  readonly id: string;
  readonly subscription: string;
  readonly group: string | undefined;
  /** `Microsoft.ManagedIdentity/userAssignedIdentities`, as the client wrote it. */
  readonly type: string;
  /** One name for each level of the type; one fewer if the path names a collection. */
  readonly names: readonly string[];
  /** The parent scope of a top-level or extension resource. */
  readonly scope: string;
}

export const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Whether `id` equals `scope` or is below it. */
export const within = (id: string, scope: string): boolean =>
  `${id.toLowerCase()}/`.startsWith(`${scope.toLowerCase().replace(/\/$/, '')}/`);

/** Parses the decoded path of a request or an id in a template; undefined for any other text. */
export function parseResourceId(path: string): ResourceId | undefined {
  const id = path.replace(/\/$/, '');
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(id)?.[1];
  if (!subscription) return undefined;
  const group = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(id)?.[1];
  // An extension resource belongs to another resource, so the last `providers` starts its type.
  const start = id.toLowerCase().lastIndexOf('/providers/');
  if (start < 0) return container(id, subscription, group);

  const [namespace, ...pairs] = id.slice(start + '/providers/'.length).split('/');
  if (!namespace || pairs.length === 0 || pairs.some((segment) => segment === '')) return undefined;
  const types = pairs.filter((_, index) => index % 2 === 0);
  const names = pairs.filter((_, index) => index % 2 === 1);
  const type = [namespace, ...types].join('/');
  return { id, subscription, group, type, names, scope: id.slice(0, start) };
}

function container(id: string, subscription: string, group: string | undefined): ResourceId | undefined {
  const rest = id.split('/').slice(3);
  const base = { id, subscription, scope: `/subscriptions/${subscription}` };
  if (rest.length === 0)
    return { ...base, group, type: 'Microsoft.Resources/subscriptions', names: [subscription] };
  if (rest.length > 2 || !same(rest[0] ?? '', 'resourceGroups')) return undefined;
  return { ...base, group, type: 'Microsoft.Resources/resourceGroups', names: group ? [group] : [] };
}

/** `resourceId()` of the template language: combines the levels of the type with the names. */
export function composeResourceId(scope: string, type: string, names: readonly string[]): string {
  if (same(type, 'Microsoft.Resources/resourceGroups')) return `${scope}/resourceGroups/${names.join('/')}`;
  const [namespace, ...types] = type.split('/');
  const levels = types.map((level, index) => `${level}/${names[index] ?? ''}`);
  return `${scope}/providers/${namespace}/${levels.join('/')}`;
}
