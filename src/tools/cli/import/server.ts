/** What an import asks of the admin API. */
import { type AdminRequest, apiPath, itemsOf } from '../admin.ts';
import type { Json } from '../print.ts';
import type { ExistingConnection, ExistingTenant } from './plan.ts';
import type { ImportRow } from './rows.ts';

export type RequestAdmin = (request: AdminRequest) => Promise<Json>;

export interface Link {
  readonly url: string;
  readonly expires_at: string;
}

/** Every item of a list, page by page. */
async function fetchAll(ask: RequestAdmin, path: string): Promise<Json[]> {
  const items: Json[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ask({ method: 'GET', path, query: { limit: '200', after } });
    items.push(...itemsOf(page));
    if (typeof page.next !== 'string') return items;
    after = page.next;
  }
}

export const createImportApi = (ask: RequestAdmin) => ({
  tenants: async () => (await fetchAll(ask, '/tenants')) as unknown as ExistingTenant[],
  connections: async () => (await fetchAll(ask, '/connections')) as unknown as ExistingConnection[],

  addTenant: async (name: string) =>
    (await ask({ method: 'POST', path: '/tenants', body: { name } })) as unknown as ExistingTenant,

  addConnection: async ({ name, target, labels }: ImportRow, tenant: string) =>
    (await ask({
      method: 'POST',
      path: '/connections',
      body: { name, tenant, cloud: 'aws', target, labels },
    })) as unknown as ExistingConnection,

  /** The links that an administrator made and that have not ended: when each ends, by its id. */
  async openLinks(connection: string): Promise<ReadonlyMap<string, string>> {
    const links = await fetchAll(ask, apiPath`/connections/${connection}/invitations`);
    return new Map(
      links
        .filter(({ type }) => type === 'connect')
        .map(({ id, expires_at }) => [String(id), String(expires_at)]),
    );
  },

  invite: async (connection: string, body: Readonly<Record<string, unknown>>) =>
    (await ask({
      method: 'POST',
      path: apiPath`/connections/${connection}/invitations`,
      body,
    })) as unknown as Link,
});

export type ImportApi = ReturnType<typeof createImportApi>;
