/** /tenants: the vendor's customers. */
import { z } from 'zod';
import { type Tenant, tenantInput, tenantMove, tenantPatch } from '../../../access/tenants/index.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import type { AdminRooms } from './rooms.ts';
import { act, look, nothing, type Route } from './route.ts';
import { gone, moment } from './words.ts';

export { tenantInput, tenantMove };

export const tenantChange = tenantPatch;

export const tenant = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string().describe('The issuer that the customer registers.'),
  own_issuer: z.boolean(),
  own_keys: z.boolean().nullable().describe('Null as long as it never had an issuer of its own.'),
  created_at: moment,
  updated_at: moment,
});

export const tenantPage = pageOf(tenant);

export const viewIn =
  ({ tenants }: Pick<AdminRooms, 'tenants'>) =>
  (one: Tenant) => ({ ...one, issuer: tenants.issuerOf(one) });

export const tenantRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/tenants',
    name: 'createTenant',
    summary: 'Add a customer',
    input: tenantInput,
    status: 201,
    answer: tenant,
    async change(rooms, { body }) {
      const made = await rooms.tenants.create(body);
      return { answer: viewIn(rooms)(made), did: { event: 'tenant.created', tenant: made.id } };
    },
  }),
  look({
    path: '/tenants',
    name: 'listTenants',
    summary: 'List the customers',
    query: pageQuery,
    answer: tenantPage,
    async find(rooms, { query }) {
      return pageOn(await rooms.tenants.list(query), viewIn(rooms));
    },
  }),
  look({
    path: '/tenants/:id',
    name: 'showTenant',
    summary: 'Show one customer',
    query: nothing,
    answer: tenant,
    refusals: ['tenant_not_found'],
    async find(rooms, { params: { id } }) {
      return viewIn(rooms)(await rooms.tenants.get(id));
    },
  }),
  act({
    method: 'PATCH',
    path: '/tenants/:id',
    name: 'updateTenant',
    summary: 'Rename a customer',
    input: tenantChange,
    status: 200,
    answer: tenant,
    refusals: ['tenant_not_found', 'version_conflict'],
    async change(rooms, { params: { id }, body }) {
      const changed = await rooms.tenants.update(id, body);
      return { answer: viewIn(rooms)(changed), did: { event: 'tenant.updated', tenant: id } };
    },
  }),
  act({
    method: 'DELETE',
    path: '/tenants/:id',
    name: 'deleteTenant',
    summary: 'Remove a customer that has no connections',
    input: nothing,
    status: 204,
    answer: gone,
    refusals: ['tenant_not_found', 'tenant_not_empty', 'version_conflict'],
    async change({ tenants }, { params: { id } }) {
      await tenants.remove(id);
      return { answer: undefined, did: { event: 'tenant.deleted', tenant: id } };
    },
  }),
];
