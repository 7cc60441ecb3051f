/** /tenants: the vendor's customers. */
import { z } from 'zod';
import { type Tenant, tenantInput } from '../../tenants/index.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import { act, look, nothing, type Route } from './route.ts';
import { gone, moment } from './words.ts';

export { tenantInput };

export const tenantChange = tenantInput.partial();

export const tenant = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string().describe('The issuer that the customer registers.'),
  created_at: moment,
  updated_at: moment,
});

export const tenantPage = pageOf(tenant);

const viewOf = (issuer: string) => (one: Tenant) => ({ ...one, issuer });

export const tenantRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/tenants',
    name: 'createTenant',
    summary: 'Add a customer',
    input: tenantInput,
    status: 201,
    answer: tenant,
    async change({ tenants, issuerUrl }, { body }) {
      const made = await tenants.create(body);
      return { answer: viewOf(issuerUrl)(made), did: { event: 'tenant.created', tenant: made.id } };
    },
  }),
  look({
    path: '/tenants',
    name: 'listTenants',
    summary: 'List the customers',
    query: pageQuery,
    answer: tenantPage,
    async find({ tenants, issuerUrl }, { query }) {
      return pageOn(await tenants.list(query), viewOf(issuerUrl));
    },
  }),
  look({
    path: '/tenants/:id',
    name: 'showTenant',
    summary: 'Show one customer',
    query: nothing,
    answer: tenant,
    refusals: ['tenant_not_found'],
    async find({ tenants, issuerUrl }, { params: { id } }) {
      return viewOf(issuerUrl)(await tenants.get(id));
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
    async change({ tenants, issuerUrl }, { params: { id }, body }) {
      const changed = await tenants.update(id, body);
      return { answer: viewOf(issuerUrl)(changed), did: { event: 'tenant.updated', tenant: id } };
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
