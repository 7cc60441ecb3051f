/** /tenants: the vendor's customers. */
import { z } from 'zod';
import {
  type Tenant,
  tenantInput,
  tenantMove,
  tenantPatch,
  tenantRecord,
} from '../../../access/tenants/index.ts';
import { eventIfChanged, noContent } from './fields.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { nothing, type Route, readRoute, writeRoute } from './route.ts';
import type { AdminServices } from './services.ts';

export { tenantInput, tenantMove };

export const tenantChange = tenantPatch;

const { id, name, ...others } = tenantRecord.shape;

export const tenant = z.object({
  id,
  name,
  issuer: z.string().describe('The issuer that the customer registers.'),
  ...others,
});

export const tenantPage = pageOf(tenant);

export const viewIn =
  ({ tenants }: Pick<AdminServices, 'tenants'>) =>
  (one: Tenant) => ({ ...one, issuer: tenants.issuerOf(one) });

export const tenantRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/tenants',
    operationId: 'createTenant',
    summary: 'Create a tenant',
    input: tenantInput,
    status: 201,
    answer: tenant,
    async change(services, { body }) {
      const created = await services.tenants.create(body);
      return {
        answer: viewIn(services)(created),
        auditEvent: { event: 'tenant.created', tenant: created.id },
      };
    },
  }),
  readRoute({
    path: '/tenants',
    operationId: 'listTenants',
    summary: 'List tenants',
    query: pageQuery,
    answer: tenantPage,
    async find(services, { query }) {
      return mapPage(await services.tenants.list(query), viewIn(services));
    },
  }),
  readRoute({
    path: '/tenants/:id',
    operationId: 'showTenant',
    summary: 'Show a tenant',
    query: nothing,
    answer: tenant,
    refusals: ['tenant_not_found'],
    async find(services, { params: { id } }) {
      return viewIn(services)(await services.tenants.get(id));
    },
  }),
  writeRoute({
    method: 'PATCH',
    path: '/tenants/:id',
    operationId: 'updateTenant',
    summary: 'Rename a tenant',
    input: tenantChange,
    status: 200,
    answer: tenant,
    refusals: ['tenant_not_found', 'version_conflict'],
    async change(services, { params: { id }, body }) {
      const before = await services.tenants.get(id);
      const changed = await services.tenants.update(id, body);
      return {
        answer: viewIn(services)(changed),
        auditEvent: eventIfChanged(before, changed, { event: 'tenant.updated', tenant: id }),
      };
    },
  }),
  writeRoute({
    method: 'DELETE',
    path: '/tenants/:id',
    operationId: 'deleteTenant',
    summary: 'Delete a tenant that has no connections',
    input: nothing,
    status: 204,
    answer: noContent,
    refusals: ['tenant_not_found', 'tenant_not_empty', 'version_conflict'],
    async change({ tenants }, { params: { id } }) {
      await tenants.remove(id);
      return { answer: undefined, auditEvent: { event: 'tenant.deleted', tenant: id } };
    },
  }),
];
