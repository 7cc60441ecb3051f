/**
 * The vendor's customers. Owns: their records. Does not own: their connections, which only point here.
 */
import { randomUUID } from 'node:crypto';
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

/**
 * `leaving` names the deletion that is looking for connections; a connection made meanwhile sees it and steps back.
 * One that was cut short leaves it behind: such a tenant is still listed, so that it can be deleted again.
 */
type Kept = Tenant & { readonly leaving?: string };

const shown = ({ id, name, created_at, updated_at }: Kept): Tenant => ({ id, name, created_at, updated_at });

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
      return { ...page, items: page.items.map(shown) };
    },

    async update(id, input) {
      const change = read(tenantInput.partial(), input);
      return kept.change(id, (tenant) => {
        if (tenant.leaving) throw new SojournError('tenant_not_found');
        return { ...tenant, name: change.name ?? tenant.name, updated_at: toTimestamp(now()) };
      });
    },

    async remove(id) {
      const deletion = randomUUID();
      await kept.change(id, (tenant) => ({ ...tenant, leaving: deletion }));
      const { items } = await store.list('connection', { within: id, limit: 1 });
      if (items.length > 0) {
        await kept.change(id, shown);
        throw new SojournError('tenant_not_empty');
      }
      // Had another deletion given up meanwhile, a connection could have come that we did not see.
      await kept.remove(id, ({ leaving }) => leaving === deletion);
    },
  };
}
