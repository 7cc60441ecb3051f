/**
 * Tenants: the vendor's customers. Owns: their records. Does not own: their connections.
 */
import { randomUUID } from 'node:crypto';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import {
  type DocumentVersion,
  type Page,
  records,
  type Store,
  type Stored,
  unlessSame,
} from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Tenant, TenantInput, TenantMove, TenantPatch } from './schema.ts';

export { type Tenant, tenantInput, tenantMove, tenantPatch, tenantRecord } from './schema.ts';

/**
 * `deletion` is the id of a deletion in progress. An addition to the tenant clears it, and the deletion then fails. Nothing
 * else uses it: an interrupted deletion leaves it behind, and the tenant must keep working until it is removed.
 */
type StoredTenant = Tenant & { readonly deletion?: string };

const toTenant = ({ deletion: _, ...tenant }: StoredTenant): Tenant => tenant;

export interface Tenants {
  create(input: TenantInput): Promise<Tenant>;
  find(id: string): Promise<Tenant | undefined>;
  /** Rejects with `tenant_not_found`. */
  get(id: string): Promise<Tenant>;
  list(query: { after?: string; limit: number }): Promise<Page<Tenant>>;
  update(id: string, change: TenantPatch): Promise<Tenant>;
  /** Starts to move its connections to another issuer; each moves when it is verified there. */
  move(id: string, to: TenantMove): Promise<Tenant>;
  /** Calls the listener after a move on this replica, which may have given the tenant its own issuer. */
  onIssuer(listener: (id: string) => void): void;
  /** The issuer for the tenant's new connections. */
  issuerOf(tenant: Pick<Tenant, 'id' | 'own_issuer'>): string;
  /** The URL of the tenant's own issuer, whether or not it uses it. */
  ownIssuer(id: string): string;
  /** Reads a tenant to which something will be added. */
  open(id: string): Promise<OpenTenant | undefined>;
  /** Rejects with `tenant_not_empty` while it has connections. */
  remove(id: string): Promise<void>;
}

export interface OpenTenant {
  readonly tenant: Tenant;
  /**
   * Adds something with `insert`, which makes one insert with `ifUnchanged` and resolves to undefined if that failed; then
   * calls it again with the newest tenant. A concurrent deletion finds the addition or fails. Rejects with
   * `tenant_not_found` if the tenant has been deleted since.
   */
  add<T>(insert: (tenant: Tenant, ifUnchanged: DocumentVersion) => Promise<T | undefined>): Promise<T>;
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

const recordType = 'tenant';
/** Each attempt fails only because of a concurrent change of the same tenant. */
const maxAttempts = 10;

export function createTenants({ store, now, issuer, makeKeys, removeKeys }: TenantsOptions): Tenants {
  const kept = records<StoredTenant>(store, recordType, 'tenant_not_found');

  const listeners: ((id: string) => void)[] = [];

  const ownIssuer = (id: string): string => `${issuer}/t/${id}`;

  const find = async (id: string): Promise<Tenant | undefined> => {
    const found = await kept.find(id);
    return found && toTenant(found);
  };

  async function add<T>(
    opened: Stored<StoredTenant>,
    insert: (tenant: Tenant, ifUnchanged: DocumentVersion) => Promise<T | undefined>,
  ): Promise<T> {
    const { id } = opened;
    let current: Stored<StoredTenant> | undefined = opened;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (!current) throw new SojournError('tenant_not_found');
      const tenant = toTenant(current.value);
      let { version } = current;
      const isOpen =
        current.value.deletion === undefined || (await store.replace(recordType, id, version++, tenant));
      const added = isOpen ? await insert(tenant, { recordType, id, version }) : undefined;
      if (added !== undefined) return added;
      current = await store.get<StoredTenant>(recordType, id);
    }
    throw new SojournError('version_conflict');
  }

  const assertEmpty = async (id: string): Promise<void> => {
    const { items } = await store.list('connection', { within: id, limit: 1 });
    if (items.length > 0) throw new SojournError('tenant_not_empty');
  };

  return {
    async create({ name, own_issuer, own_keys }) {
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

    async update(id, change) {
      const updated = await kept.change(id, (tenant) =>
        unlessSame(tenant, {
          ...tenant,
          name: change.name ?? tenant.name,
          updated_at: toTimestamp(now()),
        }),
      );
      return toTenant(updated);
    },

    async move(id, { own_issuer, own_keys }) {
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
      for (const listener of listeners) listener(id);
      return toTenant(moved);
    },

    onIssuer: (listener) => void listeners.push(listener),

    issuerOf: ({ id, own_issuer }) => (own_issuer ? ownIssuer(id) : issuer),
    ownIssuer,

    async open(id) {
      const opened = await store.get<StoredTenant>(recordType, id);
      return opened && { tenant: toTenant(opened.value), add: (insert) => add(opened, insert) };
    },

    async remove(id) {
      await kept.get(id);
      await assertEmpty(id);
      const deletion = randomUUID();
      await kept.change(id, (tenant) => ({ ...tenant, deletion }));
      // Checks again after setting `deletion`: a concurrent connection either exists by now, or clears it.
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
