/** The state of the sandbox's Azure: subscriptions with their tenants, and resources by id. */

import { same } from './resource-id.ts';
import { type Outcome, ok, refuse } from './responses.ts';
import type { Json, JsonObject } from './template/json.ts';

export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
  readonly tags?: Json;
  readonly properties: JsonObject;
  /** Time of the last write in milliseconds since the epoch; propagation starts here. */
  readonly changedAt: number;
}

export interface Directory {
  /** The tenant of a subscription; undefined before the first management call. */
  tenantOf(subscription: string): string | undefined;
  subscriptions(): readonly { readonly id: string; readonly tenant: string }[];
  knowsTenant(tenant: string): boolean;
  /** A subscription belongs permanently to the tenant that uses it first. */
  claim(subscription: string, tenant: string): Outcome<undefined>;
  get(id: string): Resource | undefined;
  put(resource: Resource): void;
  /** Deletes the resource and all resources below it. */
  remove(id: string): void;
  ofType(type: string): readonly Resource[];
}

export function createDirectory(): Directory {
  const tenants = new Map<string, string>();
  const resources = new Map<string, Resource>();
  const tenantOf = (subscription: string) => tenants.get(subscription.toLowerCase());
  return {
    tenantOf,
    subscriptions: () => [...tenants].map(([id, tenant]) => ({ id, tenant })),
    knowsTenant: (tenant) => [...tenants.values()].includes(tenant.toLowerCase()),
    claim(subscription, tenant) {
      const owner = tenantOf(subscription);
      if (owner && owner !== tenant.toLowerCase()) return wrongTenant(tenant, owner);
      tenants.set(subscription.toLowerCase(), tenant.toLowerCase());
      return ok(undefined);
    },
    get: (id) => resources.get(id.toLowerCase()),
    put: (resource) => void resources.set(resource.id.toLowerCase(), resource),
    remove(id) {
      const gone = id.toLowerCase();
      for (const key of resources.keys())
        if (key === gone || key.startsWith(`${gone}/`)) resources.delete(key);
    },
    ofType: (type) => [...resources.values()].filter((resource) => same(resource.type, type)),
  };
}

export function wrongTenant(tenant: string, owner: string) {
  const authority = (id: string) => `https://sts.windows.net/${id}/`;
  return refuse(
    401,
    'InvalidAuthenticationTokenTenant',
    `The access token is from the wrong issuer '${authority(tenant)}'. It must match the tenant '${authority(owner)}' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${owner}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.`,
  );
}
