/** What an import asks of the admin API. */
import { type AdminRequest, at, itemsOf } from '../admin.ts';
import type { Json } from '../print.ts';
import type { KnownConnection, KnownTenant } from './plan.ts';
import type { Wanted } from './wanted.ts';

export type Ask = (request: AdminRequest) => Promise<Json>;

export interface Link {
  readonly url: string;
  readonly expires_at: string;
}

/** Every item of a list, page by page. */
async function all(ask: Ask, path: string): Promise<Json[]> {
  const items: Json[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ask({ method: 'GET', path, query: { limit: '200', after } });
    items.push(...itemsOf(page));
    if (typeof page.next !== 'string') return items;
    after = page.next;
  }
}

export const serverOf = (ask: Ask) => ({
  tenants: async () => (await all(ask, '/tenants')) as unknown as KnownTenant[],
  connections: async () => (await all(ask, '/connections')) as unknown as KnownConnection[],

  addTenant: async (name: string) =>
    (await ask({ method: 'POST', path: '/tenants', body: { name } })) as unknown as KnownTenant,

  addConnection: async ({ name, target, labels }: Wanted, tenant: string) =>
    (await ask({
      method: 'POST',
      path: '/connections',
      body: { name, tenant, cloud: 'aws', target, labels },
    })) as unknown as KnownConnection,

  /** The links that an administrator made and that have not ended: when each ends, by its id. */
  async openLinks(connection: string): Promise<ReadonlyMap<string, string>> {
    const links = await all(ask, at`/connections/${connection}/invitations`);
    return new Map(
      links
        .filter(({ purpose }) => purpose === 'connect')
        .map(({ id, expires_at }) => [String(id), String(expires_at)]),
    );
  },

  invite: async (connection: string, body: Readonly<Record<string, unknown>>) =>
    (await ask({
      method: 'POST',
      path: at`/connections/${connection}/invitations`,
      body,
    })) as unknown as Link,
});

export type Server = ReturnType<typeof serverOf>;
