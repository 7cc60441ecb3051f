/** /tenants/ID/move: moves a tenant to its own issuer or back to the shared one, connection by connection. */
import { z } from 'zod';
import { tenantMove } from '../../../access/tenants/index.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { type Route, readRoute, writeRoute } from './route.ts';
import type { AdminServices } from './services.ts';
import { tenant, viewIn } from './tenants.ts';

export const movePage = pageOf(
  z.object({ connection: z.string(), name: z.string(), cloud: z.string(), issuer: z.string() }),
).describe('A page can have fewer items than `limit`, or none, and still have a `next`.');

/** Connections whose issuer is not the tenant's issuer yet. */
async function listRemaining(
  { tenants, connections }: AdminServices,
  id: string,
  query: { after?: string; limit: number },
) {
  const targetIssuer = tenants.issuerOf(await tenants.get(id));
  const page = await connections.list({ ...query, within: id });
  const remaining = page.items.filter(({ issuer }) => issuer !== targetIssuer);
  return mapPage({ ...page, items: remaining }, ({ id: connection, name, cloud, issuer }) => ({
    connection,
    name,
    cloud,
    issuer,
  }));
}

export const tenantMoveRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/tenants/:id/move',
    operationId: 'moveTenant',
    summary: 'Move a tenant to another issuer; each connection moves once it is verified there',
    input: tenantMove,
    status: 200,
    answer: tenant,
    refusals: ['tenant_not_found', 'version_conflict', 'keys_unavailable'],
    async change(services, { params: { id }, body }) {
      const moved = await services.tenants.move(id, body);
      const { own_issuer, own_keys } = moved;
      return {
        answer: viewIn(services)(moved),
        auditEvent: { event: 'tenant.move_started', tenant: id, facts: { own_issuer, own_keys } },
      };
    },
  }),
  readRoute({
    path: '/tenants/:id/move',
    operationId: 'showTenantMove',
    summary: 'List the connections that have not moved to the tenant’s issuer yet',
    query: pageQuery,
    answer: movePage,
    refusals: ['tenant_not_found'],
    find: (services, { params: { id }, query }) => listRemaining(services, id, query),
  }),
];
