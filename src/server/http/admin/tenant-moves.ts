/** /tenants/ID/move: from the shared issuer to one of its own, or back, one connection after the other. */
import { z } from 'zod';
import { tenantMove } from '../../../access/tenants/index.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { type Route, readRoute, writeRoute } from './route.ts';
import type { AdminServices } from './services.ts';
import { tenant, viewIn } from './tenants.ts';

export const movePage = pageOf(
  z.object({ connection: z.string(), name: z.string(), cloud: z.string(), issuer: z.string() }),
).describe('A page may hold fewer than the limit, or none, and still have a next one.');

/** Connections that are still under another issuer than the tenant's. */
async function stillToDo(
  { tenants, connections }: AdminServices,
  id: string,
  query: { after?: string; limit: number },
) {
  const wanted = tenants.issuerOf(await tenants.get(id));
  const page = await connections.list({ ...query, within: id });
  const left = page.items.filter(({ issuer }) => issuer !== wanted);
  return mapPage({ ...page, items: left }, ({ id: connection, name, cloud, issuer }) => ({
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
    summary: 'Let the connections go over to another issuer, each as soon as it is verified there',
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
    summary: 'List the connections that are still under another issuer than the tenant',
    query: pageQuery,
    answer: movePage,
    refusals: ['tenant_not_found'],
    find: (services, { params: { id }, query }) => stillToDo(services, id, query),
  }),
];
