/** /webhooks: where the vendor's own systems hear of connections. */
import { z } from 'zod';
import {
  type Delivery,
  eventNames,
  isEventName,
  type Webhook,
  webhookChange,
  webhookInput,
} from '../../../onboarding/webhooks/index.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import { act, type Deed, look, nothing, type Route } from './route.ts';
import { gone, membersOf, moment } from './words.ts';

export { webhookChange, webhookInput };

export const webhook = z.object({
  id: z.string(),
  url: z.string(),
  tenant: z.string().nullable(),
  events: z.array(z.enum(eventNames)),
  disabled: z.boolean(),
  created_at: moment,
  updated_at: moment,
});

export const delivery = z.object({
  id: z.string().describe('The jti of the token that is posted, the same at every try.'),
  event: z.enum(eventNames),
  connection: z.string(),
  tenant: z.string(),
  at: moment.describe('When it happened.'),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z
    .array(
      z.object({
        at: moment,
        status: z.int().nullable().describe('Of HTTP; null when there was no answer.'),
        error: z.string().nullable(),
      }),
    )
    .describe('The last ten, oldest first.'),
});

export const webhookPage = pageOf(webhook);
export const deliveryPage = pageOf(delivery);

const viewOf = (one: Webhook) => ({ ...one, events: one.events.filter(isEventName) });

const deliveryView = ({ id, told, state, attempts }: Delivery) => ({
  id,
  ...told,
  state,
  attempts: [...attempts],
});

const deed = (event: Deed['event'], { id, tenant }: Webhook, facts: Deed['facts'] = {}): Deed => ({
  event,
  ...(tenant === null ? {} : { tenant }),
  facts: { webhook: id, ...facts },
});

export const webhookRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/webhooks',
    name: 'createWebhook',
    summary: 'Tell a receiver of what happens to connections, from now on',
    input: webhookInput,
    status: 201,
    answer: webhook,
    refusals: ['tenant_not_found', 'webhook_limit'],
    async change({ webhooks }, { body }) {
      const made = await webhooks.create(body);
      return { answer: viewOf(made), did: deed('webhook.created', made) };
    },
  }),
  look({
    path: '/webhooks',
    name: 'listWebhooks',
    summary: 'List the webhooks',
    query: pageQuery,
    answer: webhookPage,
    find: async ({ webhooks }, { query }) => pageOn(await webhooks.list(query), viewOf),
  }),
  look({
    path: '/webhooks/:id',
    name: 'showWebhook',
    summary: 'Show one webhook',
    query: nothing,
    answer: webhook,
    refusals: ['webhook_not_found'],
    find: async ({ webhooks }, { params: { id } }) => viewOf(await webhooks.get(id)),
  }),
  act({
    method: 'PATCH',
    path: '/webhooks/:id',
    name: 'updateWebhook',
    summary: 'Change a webhook; what happens while it is disabled is never told',
    input: webhookChange,
    status: 200,
    answer: webhook,
    refusals: ['webhook_not_found', 'version_conflict'],
    async change({ webhooks }, { params: { id }, body }) {
      const changed = await webhooks.update(id, body);
      return { answer: viewOf(changed), did: deed('webhook.updated', changed, { changed: membersOf(body) }) };
    },
  }),
  act({
    method: 'DELETE',
    path: '/webhooks/:id',
    name: 'deleteWebhook',
    summary: 'Remove a webhook; what waits for it is dropped',
    input: nothing,
    status: 204,
    answer: gone,
    refusals: ['webhook_not_found', 'version_conflict'],
    async change({ webhooks }, { params: { id } }) {
      const one = await webhooks.get(id);
      await webhooks.remove(id);
      return { answer: undefined, did: deed('webhook.deleted', one) };
    },
  }),
  look({
    path: '/webhooks/:id/deliveries',
    name: 'listDeliveries',
    summary: 'List what was and will be told, oldest first; kept for 30 days',
    query: pageQuery,
    answer: deliveryPage,
    refusals: ['webhook_not_found'],
    find: async ({ webhooks }, { params: { id }, query }) =>
      pageOn(await webhooks.deliveries(id, query), deliveryView),
  }),
  act({
    method: 'POST',
    path: '/webhooks/:id/deliveries/:delivery/redeliver',
    name: 'redeliverWebhook',
    summary: 'Tell it once more, whatever came of it before',
    input: nothing,
    status: 200,
    answer: delivery,
    refusals: ['webhook_not_found', 'delivery_not_found', 'version_conflict'],
    async change({ webhooks }, { params: { id, delivery } }) {
      const one = await webhooks.get(id);
      const again = await webhooks.sendAgain(id, delivery);
      return { answer: deliveryView(again), did: deed('webhook.redelivery_requested', one, { delivery }) };
    },
  }),
];
