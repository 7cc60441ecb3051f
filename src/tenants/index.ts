/**
 * The vendor's customers. Owns: their records. Does not own: their connections, which only point here.
 */
import { z } from 'zod';
import { SojournError } from '../errors/index.ts';
import { newId } from '../ids/index.ts';
import { nameField, read } from '../input/index.ts';
import { records } from '../records/index.ts';
import type { Page, Store } from '../store/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Set while a deletion looks for connections; a connection made meanwhile sees it and steps back. */
type Kept = Tenant & { readonly leaving?: true };

export const tenantInput = z.strictObject({ name: nameField });

export interface Tenants {
  create(input: unknown): Promise<Tenant>;
  /** Undefined also while the tenant is being deleted. */
  find(id: string): Promise<Tenant | undefined>;
  /** Rejects with `tenant_not_found` where `find` finds nothing. */
  get(id: string): Promise<Tenant>;
  list(query: { after?: string; limit: number }): Promise<Page<Tenant>>;
  update(id: string, input: unknown): Promise<Tenant>;
  /** Rejects with `tenant_not_empty` while connections belong to it. */
  remove(id: string): Promise<void>;
}

export function createTenants({ store, now }: { store: Store; now: Now }): Tenants {
  const kept = records<Kept>(store, 'tenant', 'tenant_not_found');

  const find = async (id: string): Promise<Tenant | undefined> => {
    const found = await kept.find(id);
    return found && !found.leaving ? found : undefined;
  };

  return {
    async create(input) {
      const { name } = read(tenantInput, input);
      const at = toTimestamp(now());
      const tenant: Tenant = { id: newId('ten', now), name, created_at: at, updated_at: at };
      await kept.insert(tenant.id, tenant);
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
      return { ...page, items: page.items.map(({ leaving, ...tenant }) => tenant) };
    },

    async update(id, input) {
      const change = read(tenantInput.partial(), input);
      return kept.change(id, (tenant) => ({
        ...tenant,
        ...(change.name === undefined ? {} : { name: change.name }),
        updated_at: toTimestamp(now()),
      }));
    },

    async remove(id) {
      await kept.change(id, (tenant) => ({ ...tenant, leaving: true }));
      const { items } = await store.list('connection', { within: id, limit: 1 });
      if (items.length > 0) {
        await kept.change(id, ({ leaving, ...tenant }) => tenant);
        throw new SojournError('tenant_not_empty');
      }
      await kept.remove(id);
    },
  };
}
