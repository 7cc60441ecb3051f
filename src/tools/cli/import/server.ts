/** The admin API as the import uses it. */
import { type AdminRequest, apiPath } from '../admin.ts';
import { fetchAll } from '../pages.ts';
import type { Json } from '../print.ts';
import type { ExistingConnection, ExistingTenant } from './plan.ts';
import type { ImportRow } from './rows.ts';

export type RequestAdmin = (request: AdminRequest) => Promise<Json>;

export interface Link {
  readonly url: string;
  readonly expires_at: string;
}

const list = (request: RequestAdmin, path: string): Promise<readonly Json[]> =>
  fetchAll((query) => request({ method: 'GET', path, query }));

export const createImportApi = (request: RequestAdmin, cloud: string) => ({
  tenants: async () => (await list(request, '/tenants')) as unknown as ExistingTenant[],
  connections: async () => (await list(request, '/connections')) as unknown as ExistingConnection[],

  addTenant: async (name: string) =>
    (await request({ method: 'POST', path: '/tenants', body: { name } })) as unknown as ExistingTenant,

  addConnection: async ({ name, target, labels }: ImportRow, tenant: string) =>
    (await request({
      method: 'POST',
      path: '/connections',
      body: { name, tenant, cloud, target, labels },
    })) as unknown as ExistingConnection,

  /** Expiry times of the unexpired invitations, by id; control links are left out. */
  async openLinks(connection: string): Promise<ReadonlyMap<string, string>> {
    const links = await list(request, apiPath`/connections/${connection}/invitations`);
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
