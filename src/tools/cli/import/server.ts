/** The admin API as the import uses it. */
import { type AdminRequest, apiPath, itemsOf } from '../admin.ts';
import type { Json } from '../print.ts';
import type { ExistingConnection, ExistingTenant } from './plan.ts';
import type { ImportRow } from './rows.ts';

export type RequestAdmin = (request: AdminRequest) => Promise<Json>;

export interface Link {
  readonly url: string;
  readonly expires_at: string;
}

/** Fetches all pages of a list. */
async function fetchAll(request: RequestAdmin, path: string): Promise<Json[]> {
  const items: Json[] = [];
  for (let after: string | undefined; ; ) {
    const page = await request({ method: 'GET', path, query: { limit: '200', after } });
    items.push(...itemsOf(page));
    if (typeof page.next !== 'string') return items;
    after = page.next;
  }
}

export const createImportApi = (request: RequestAdmin) => ({
  tenants: async () => (await fetchAll(request, '/tenants')) as unknown as ExistingTenant[],
  connections: async () => (await fetchAll(request, '/connections')) as unknown as ExistingConnection[],

  addTenant: async (name: string) =>
    (await request({ method: 'POST', path: '/tenants', body: { name } })) as unknown as ExistingTenant,

  addConnection: async ({ name, target, labels }: ImportRow, tenant: string) =>
    (await request({
      method: 'POST',
      path: '/connections',
      body: { name, tenant, cloud: 'aws', target, labels },
    })) as unknown as ExistingConnection,

  /** Expiry times of the unexpired invitations, by id; control links are left out. */
  async openLinks(connection: string): Promise<ReadonlyMap<string, string>> {
    const links = await fetchAll(request, apiPath`/connections/${connection}/invitations`);
    return new Map(
      links
        .filter(({ type }) => type === 'connect')
        .map(({ id, expires_at }) => [String(id), String(expires_at)]),
    );
  },

  invite: async (connection: string, body: Readonly<Record<string, unknown>>) =>
    (await request({
      method: 'POST',
      path: apiPath`/connections/${connection}/invitations`,
      body,
    })) as unknown as Link,
});

export type ImportApi = ReturnType<typeof createImportApi>;
