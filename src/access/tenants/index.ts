/**
 * Tenants: the vendor's customers. Owns: their records. Does not own: their connections.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import { type Page, records, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { nameField, read } from '../../platform/validation/index.ts';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** Whether its connections use the tenant's own issuer instead of the shared one. */
  readonly own_issuer: boolean;
  /** Whether its own issuer has its own keys; null until it has its own issuer. Never changes after that. */
  readonly own_keys: boolean | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/**
 * `deletion` is the id of a deletion in progress. Creating a connection clears it, and the deletion then fails. Nothing else
 * uses it: an interrupted deletion leaves it behind, and the tenant must keep working until it is removed.
 */
type StoredTenant = Tenant & { readonly deletion?: string };

const toTenant = ({ deletion: _, ...tenant }: StoredTenant): Tenant => tenant;

export const tenantInput = z.strictObject({
  name: nameField,
  own_issuer: z
    .boolean()
    .default(false)
    .describe('Whether the tenant has its own issuer at /t/ID instead of the shared one.'),
  own_keys: z
    .boolean()
    .default(false)
    .describe('Whether its own issuer has its own keys; requires own_issuer.'),
});

export const tenantPatch = z.strictObject({ name: nameField.optional() });

export const tenantMove = z.strictObject({
  own_issuer: z
    .boolean()
    .describe('True to move its connections to its own issuer, false for the shared one.'),
  own_keys: z.boolean().optional().describe('Whether its own issuer has its own keys; requires own_issuer.'),
});

export interface Tenants {
  create(input: unknown): Promise<Tenant>;
  find(id: string): Promise<Tenant | undefined>;
  /** Rejects with `tenant_not_found`. */
  get(id: string): Promise<Tenant>;
  list(query: { after?: string; limit: number }): Promise<Page<Tenant>>;
  update(id: string, input: unknown): Promise<Tenant>;
  /** Starts to move its connections to another issuer; each moves when it is verified there. */
  move(id: string, input: unknown): Promise<Tenant>;
  /** The issuer for the tenant's new connections. */
  issuerOf(tenant: Pick<Tenant, 'id' | 'own_issuer'>): string;
  /** The URL of the tenant's own issuer, whether or not it uses it. */
  ownIssuer(id: string): string;
  /**
   * Makes a concurrent deletion of the tenant fail; call it after adding something to the tenant. Rejects with
   * `tenant_not_found` if the tenant is already deleted; then undo the addition.
   */
  preventDeletion(id: string): Promise<void>;
  /** Rejects with `tenant_not_empty` while it has connections. */
  remove(id: string): Promise<void>;
}

export interface TenantsOptions {
  readonly store: Store;
  readonly now: Now;
  /** The shared issuer. */
  readonly issuer: string;
  /** Creates the tenant's own keys; idempotent. */
  readonly makeKeys: (id: string) => Promise<unknown>;
  readonly removeKeys: (id: string) => Promise<void>;
}

export function createTenants({ store, now, issuer, makeKeys, removeKeys }: TenantsOptions): Tenants {
  const kept = records<StoredTenant>(store, 'tenant', 'tenant_not_found');

  const ownIssuer = (id: string): string => `${issuer}/t/${id}`;

  const find = async (id: string): Promise<Tenant | undefined> => {
    const found = await kept.find(id);
    return found && toTenant(found);
  };

  const assertEmpty = async (id: string): Promise<void> => {
    const { items } = await store.list('connection', { within: id, limit: 1 });
    if (items.length > 0) throw new SojournError('tenant_not_empty');
  };

  return {
    async create(input) {
      const { name, own_issuer, own_keys } = read(tenantInput, input);
      if (own_keys && !own_issuer) throw keysAlone();
      const at = toTimestamp(now());
      const tenant: Tenant = {
        id: newId('ten', now),
        name,
        own_issuer,
        own_keys: own_issuer ? own_keys : null,
        created_at: at,
        updated_at: at,
      };
      await kept.insert(tenant.id, tenant);
      if (own_keys) {
        await makeKeys(tenant.id).catch(async (error: unknown) => {
          // Removes the keys last: keys of an existing tenant are created again, keys of a deleted one must not remain.
          await kept.remove(tenant.id);
          await removeKeys(tenant.id);
          throw error;
        });
      }
      return tenant;
    },

    find,

    async get(id) {
      const tenant = await find(id);
      if (!tenant) throw new SojournError('tenant_not_found');
      return tenant;
    },

    async list(query) {
      const page = await kept.list(query);
      return { ...page, items: page.items.map(toTenant) };
    },

    async update(id, input) {
      const change = read(tenantPatch, input);
      const updated = await kept.change(id, (tenant) => ({
        ...tenant,
        name: change.name ?? tenant.name,
        updated_at: toTimestamp(now()),
      }));
      return toTenant(updated);
    },

    async move(id, input) {
      const { own_issuer, own_keys } = read(tenantMove, input);
      if (own_keys && !own_issuer) throw keysAlone();
      const moved = await kept.change(id, (tenant) => {
        if (tenant.own_keys !== null && own_keys !== undefined && own_keys !== tenant.own_keys)
          throw keysDecided();
        return {
          ...tenant,
          own_issuer,
          own_keys: own_issuer ? (tenant.own_keys ?? own_keys ?? false) : tenant.own_keys,
          updated_at: toTimestamp(now()),
        };
      });
      if (moved.own_keys) await makeKeys(id);
      return toTenant(moved);
    },

    issuerOf: ({ id, own_issuer }) => (own_issuer ? ownIssuer(id) : issuer),
    ownIssuer,

    async preventDeletion(id) {
      const { deletion } = await kept.get(id);
      if (deletion) await kept.change(id, toTenant);
    },

    async remove(id) {
      await kept.get(id);
      await assertEmpty(id);
      const deletion = randomUUID();
      await kept.change(id, (tenant) => ({ ...tenant, deletion }));
      // Checks again after setting `deletion`: a concurrent connection either exists by now, or clears the mark.
      await assertEmpty(id);
      if (await kept.remove(id, (tenant) => tenant.deletion === deletion)) await removeKeys(id);
    },
  };
}

const keysAlone = () =>
  invalidRequest([{ path: 'own_keys', message: 'needs own_issuer: one issuer has one set of keys' }]);
const keysDecided = () =>
  invalidRequest([
    { path: 'own_keys', message: 'cannot change: the issuer of this tenant has its keys already' },
  ]);
