/** /webhooks: receivers in the vendor's systems for events about connections. */
import { z } from 'zod';
import {
  attemptRecord,
  type Delivery,
  deliveryStates,
  eventNames,
  isEventName,
  type Webhook,
  webhookChange,
  webhookInput,
  webhookRecord,
} from '../../../onboarding/webhooks/index.ts';
import { timestamp } from '../../../platform/validation/index.ts';
import { changedFields, eventIfChanged, noContent } from './fields.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { type AdminAuditEvent, nothing, type Route, readRoute, writeRoute } from './route.ts';

export { webhookChange, webhookInput };

const { cursor: _, ...fields } = webhookRecord.shape;

export const webhook = z.object({ ...fields, events: z.array(z.enum(eventNames)) });

export const delivery = z.object({
  id: z.string().describe('The jti of the event token; every attempt has the same.'),
  event: z.enum(eventNames),
  connection: z.string(),
  tenant: z.string(),
  occurred_at: timestamp,
  state: z.enum(deliveryStates),
  attempts: z.array(attemptRecord).describe('The last ten attempts, oldest first.'),
});

export const webhookPage = pageOf(webhook);
export const deliveryPage = pageOf(delivery);

const viewOf = (one: Webhook) => ({ ...one, events: one.events.filter(isEventName) });

const deliveryView = ({
  id,
  event: { name, connection, tenant, occurred_at },
  state,
  attempts,
}: Delivery) => ({
  id,
  event: name,
  connection,
  tenant,
  occurred_at,
  state,
  attempts: [...attempts],
});

const eventOf = (
  event: AdminAuditEvent['event'],
  { id, tenant }: Webhook,
  facts: AdminAuditEvent['facts'] = {},
): AdminAuditEvent => ({
  event,
  ...(tenant === null ? {} : { tenant }),
  facts: { webhook: id, ...facts },
});

export const webhookRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/webhooks',
    operationId: 'createWebhook',
    summary: 'Create a webhook for events about connections',
    input: webhookInput,
    status: 201,
    answer: webhook,
    refusals: ['tenant_not_found', 'webhook_limit'],
    async change({ webhooks }, { body }) {
      const created = await webhooks.create(body);
      return { answer: viewOf(created), auditEvent: eventOf('webhook.created', created) };
    },
  }),
  readRoute({
    path: '/webhooks',
    operationId: 'listWebhooks',
    summary: 'List webhooks',
    query: pageQuery,
    answer: webhookPage,
    find: async ({ webhooks }, { query }) => mapPage(await webhooks.list(query), viewOf),
  }),
  readRoute({
    path: '/webhooks/:id',
    operationId: 'showWebhook',
    summary: 'Show a webhook',
    query: nothing,
    answer: webhook,
    refusals: ['webhook_not_found'],
    find: async ({ webhooks }, { params: { id } }) => viewOf(await webhooks.get(id)),
  }),
  writeRoute({
    method: 'PATCH',
    path: '/webhooks/:id',
    operationId: 'updateWebhook',
    summary: 'Update a webhook; events that occur while it is disabled are never delivered',
    input: webhookChange,
    status: 200,
    answer: webhook,
    refusals: ['webhook_not_found', 'version_conflict'],
    async change({ webhooks }, { params: { id }, body }) {
      const before = await webhooks.get(id);
      const changed = await webhooks.update(id, body);
      return {
        answer: viewOf(changed),
        auditEvent: eventIfChanged(
          // The cursor moves with each event.
          { ...before, cursor: '' },
          { ...changed, cursor: '' },
          eventOf('webhook.updated', changed, { changed: changedFields(body) }),
        ),
      };
    },
  }),
  writeRoute({
    method: 'DELETE',
    path: '/webhooks/:id',
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook and its pending deliveries',
    input: nothing,
    status: 204,
    answer: noContent,
    refusals: ['webhook_not_found', 'version_conflict'],
    async change({ webhooks }, { params: { id } }) {
      const one = await webhooks.get(id);
      await webhooks.remove(id);
      return { answer: undefined, auditEvent: eventOf('webhook.deleted', one) };
    },
  }),
  readRoute({
    path: '/webhooks/:id/deliveries',
    operationId: 'listDeliveries',
    summary: 'List the deliveries of the last 30 days, oldest first',
    query: pageQuery,
    answer: deliveryPage,
    refusals: ['webhook_not_found'],
    find: async ({ webhooks }, { params: { id }, query }) =>
      mapPage(await webhooks.deliveries(id, query), deliveryView),
  }),
  writeRoute({
    method: 'POST',
    path: '/webhooks/:id/deliveries/:delivery/redeliver',
    operationId: 'redeliverWebhook',
    summary: 'Deliver an event again, in any state of its delivery',
    input: nothing,
    status: 200,
    answer: delivery,
    refusals: ['webhook_not_found', 'delivery_not_found', 'version_conflict'],
    async change({ webhooks }, { params: { id, delivery } }) {
      const one = await webhooks.get(id);
      const again = await webhooks.redeliver(id, delivery);
      return {
        answer: deliveryView(again),
        auditEvent: eventOf('webhook.redelivery_requested', one, { delivery }),
      };
    },
  }),
];
