/** /connections: each gives access to one account in a customer's cloud. */
import { z } from 'zod';
import {
  type Connection,
  connectionInput,
  connectionPatch,
  connectionRecord,
  connectionStates,
  readNewConnection,
  resolveConnection,
  stateOf,
  subjectOf,
  warningsOf,
} from '../../../access/connections/index.ts';
import { changedFields, eventIfChanged, noContent } from './fields.ts';
import { mapPage, pageOf, pageQuery, shortText } from './paging.ts';
import { type AdminAuditEvent, nothing, type Params, type Route, readRoute, writeRoute } from './route.ts';
import type { AdminServices } from './services.ts';

export { connectionInput, connectionPatch as connectionChange };

const { shape } = connectionRecord;

export const connection = z.object({
  id: shape.id,
  name: shape.name,
  labels: shape.labels,
  tenant: shape.tenant,
  // Later versions may add clouds and algorithms.
  cloud: z.string(),
  target: shape.target,
  purposes: shape.purposes,
  subject: z.string().describe('The `sub` of its tokens.'),
  audience: z.string().describe('The `aud` of its tokens.'),
  issuer: shape.issuer,
  algorithm: z.string(),
  token_ttl: shape.token_ttl,
  approval: shape.approval,
  uploaded_kids: shape.uploaded_kids,
  state: z.enum(connectionStates),
  paused_at: shape.paused_at,
  created_at: shape.created_at,
  updated_at: shape.updated_at,
  verified_at: shape.verified_at,
  warnings: z
    .array(z.string())
    .exactOptional()
    .describe(
      'What of the support of this cloud is not verified, its dangers, and what it probably refuses although every field is valid. Absent if nothing.',
    ),
});

export const connectionPage = pageOf(connection);

const connectionQuery = pageQuery.extend({ tenant: shortText.describe('Only connections of this tenant.') });

export const viewOf = (one: Connection) => {
  const warnings = warningsOf(one);
  return {
    ...one,
    subject: subjectOf(one),
    audience: resolveConnection(one).destination.audience,
    state: stateOf(one),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
};

const eventOf = (event: AdminAuditEvent['event'], { id, tenant }: Connection): AdminAuditEvent => ({
  event,
  connection: id,
  tenant,
});

export const connectionRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/connections',
    operationId: 'createConnection',
    summary: 'Create a connection; its target can be completed later',
    input: {
      schema: connectionInput,
      read: (body, { tenants }) => readNewConnection(body, tenants),
    },
    status: 201,
    answer: connection,
    async change({ connections }, { body }) {
      const created = await connections.create(body);
      return {
        answer: viewOf(created),
        auditEvent: { ...eventOf('connection.created', created), facts: { cloud: created.cloud } },
      };
    },
  }),
  readRoute({
    path: '/connections',
    operationId: 'listConnections',
    summary: 'List connections',
    query: connectionQuery,
    answer: connectionPage,
    async find({ connections }, { query: { tenant, ...page } }) {
      const within = tenant === undefined ? {} : { within: tenant };
      return mapPage(await connections.list({ ...page, ...within }), viewOf);
    },
  }),
  readRoute({
    path: '/connections/:id',
    operationId: 'showConnection',
    summary: 'Show a connection',
    query: nothing,
    answer: connection,
    refusals: ['connection_not_found'],
    async find({ connections }, { params: { id } }) {
      return viewOf(await connections.get(id));
    },
  }),
  writeRoute({
    method: 'PATCH',
    path: '/connections/:id',
    operationId: 'updateConnection',
    summary: 'Update a connection; target fields are merged, and null removes a field',
    input: connectionPatch,
    status: 200,
    answer: connection,
    refusals: ['connection_not_found', 'version_conflict'],
    async change({ connections }, { params: { id }, body }) {
      const before = await connections.get(id);
      const changed = await connections.update(id, body);
      return {
        answer: viewOf(changed),
        auditEvent: eventIfChanged(before, changed, {
          ...eventOf('connection.updated', changed),
          facts: { changed: changedFields(body) },
        }),
      };
    },
  }),
  writeRoute({
    method: 'DELETE',
    path: '/connections/:id',
    operationId: 'deleteConnection',
    summary: 'Delete a connection; its id is never reused',
    input: nothing,
    status: 204,
    answer: noContent,
    refusals: ['connection_not_found', 'version_conflict'],
    async change({ connections, approvals }, { params: { id } }) {
      const one = await connections.get(id);
      await connections.remove(id);
      await approvals.forget({ connection: id });
      return { answer: undefined, auditEvent: eventOf('connection.deleted', one) };
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/connections/:id/enable',
    operationId: 'enableConnection',
    summary: 'Enable a disabled connection',
    input: nothing,
    status: 200,
    answer: connection,
    refusals: ['connection_not_found', 'version_conflict'],
    change: (services, { params }) => setDisabled(services, params, false),
  }),
  writeRoute({
    method: 'POST',
    path: '/connections/:id/disable',
    operationId: 'disableConnection',
    summary: 'Disable a connection; no client can use it until it is enabled',
    input: nothing,
    status: 200,
    answer: connection,
    refusals: ['connection_not_found', 'version_conflict'],
    change: (services, { params }) => setDisabled(services, params, true),
  }),
];

async function setDisabled({ connections }: AdminServices, { id }: Params<':id'>, disabled: boolean) {
  const before = await connections.get(id);
  if (before.disabled === disabled) return { answer: viewOf(before), auditEvent: undefined };
  const changed = await connections.setDisabled(id, disabled);
  const event = disabled ? 'connection.disabled' : 'connection.enabled';
  return { answer: viewOf(changed), auditEvent: eventOf(event, changed) };
}
