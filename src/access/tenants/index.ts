/**
 * The vendor's customers. Owns: their records. Does not own: their connections, which only point here.
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
  /** Whether its connections are registered under an issuer of its own, or under the one that all share. */
  readonly own_issuer: boolean;
  /** Whose keys sign at the issuer of its own; null as long as there is none. Never changes once it is decided. */
  readonly own_keys: boolean | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/**
 * `leaving` names the deletion that is looking for connections; a connection made meanwhile takes it away, and the deletion
 * fails. Nobody else heeds it: one that was cut short leaves it behind, and the tenant's issuer must go on until it is gone.
 */
type Kept = Tenant & { readonly leaving?: string };

const shown = ({ leaving: _, ...tenant }: Kept): Tenant => tenant;

export const tenantInput = z.strictObject({
  name: nameField,
  own_issuer: z.boolean().default(false).describe('Its own issuer at /t/ID, instead of the shared one.'),
  own_keys: z.boolean().default(false).describe('Keys of its own; only together with own_issuer.'),
});

export const tenantPatch = z.strictObject({ name: nameField.optional() });

export const tenantMove = z.strictObject({
  own_issuer: z.boolean().describe('Where its connections go: to its own issuer, or to the shared one.'),
  own_keys: z.boolean().optional().describe('When it gets its own issuer: whether with keys of its own.'),
});

export interface Tenants {
  create(input: unknown): Promise<Tenant>;
  find(id: string): Promise<Tenant | undefined>;
  /** Rejects with `tenant_not_found` where `find` finds nothing. */
  get(id: string): Promise<Tenant>;
  list(query: { after?: string; limit: number }): Promise<Page<Tenant>>;
  update(id: string, input: unknown): Promise<Tenant>;
  /** Lets its connections be registered elsewhere; each goes over once it is verified there. */
  move(id: string, input: unknown): Promise<Tenant>;
  /** The issuer under which the tenant's connections are to be registered. */
  issuerOf(tenant: Pick<Tenant, 'id' | 'own_issuer'>): string;
  /** What the issuer of the tenant's own is called, whether or not it has one. */
  ownIssuer(id: string): string;
  /**
   * Lets a deletion that may not have seen what was just added to the tenant fail. Rejects with `tenant_not_found` when it
   * is gone already: then the addition has to be taken back.
   */
  hold(id: string): Promise<void>;
  /** Rejects with `tenant_not_empty` while connections belong to it. */
  remove(id: string): Promise<void>;
}

export interface TenantsOptions {
  readonly store: Store;
  readonly now: Now;
  /** The issuer that tenants share. */
  readonly issuer: string;
  /** Makes the keys of a tenant that is to have its own; may be called again. */
  readonly makeKeys: (id: string) => Promise<unknown>;
  readonly removeKeys: (id: string) => Promise<void>;
}

export function createTenants({ store, now, issuer, makeKeys, removeKeys }: TenantsOptions): Tenants {
  const kept = records<Kept>(store, 'tenant', 'tenant_not_found');

  const ownIssuer = (id: string): string => `${issuer}/t/${id}`;

  const find = async (id: string): Promise<Tenant | undefined> => {
    const found = await kept.find(id);
    return found && shown(found);
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
          // The keys last: those of a tenant that is there are made again, those of one that is gone are removed.
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
      return { ...page, items: page.items.map(shown) };
    },

    async update(id, input) {
      const change = read(tenantPatch, input);
      const updated = await kept.change(id, (tenant) => ({
        ...tenant,
        name: change.name ?? tenant.name,
        updated_at: toTimestamp(now()),
      }));
      return shown(updated);
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
      return shown(moved);
    },

    issuerOf: ({ id, own_issuer }) => (own_issuer ? ownIssuer(id) : issuer),
    ownIssuer,

    async hold(id) {
      const { leaving } = await kept.get(id);
      if (leaving) await kept.change(id, shown);
    },

    async remove(id) {
      await kept.get(id);
      await assertEmpty(id);
      const deletion = randomUUID();
      await kept.change(id, (tenant) => ({ ...tenant, leaving: deletion }));
      // Again, now that whoever adds a connection can see us: either it is there by now, or it takes our mark away.
      await assertEmpty(id);
      if (await kept.remove(id, ({ leaving }) => leaving === deletion)) await removeKeys(id);
    },
  };
}

const keysAlone = () =>
  invalidRequest([{ path: 'own_keys', message: 'needs own_issuer: one issuer has one set of keys' }]);
const keysDecided = () =>
  invalidRequest([
    { path: 'own_keys', message: 'cannot change: the issuer of this tenant has its keys already' },
  ]);
