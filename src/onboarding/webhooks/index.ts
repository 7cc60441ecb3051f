/**
 * Webhooks: events of connections for the vendor's own systems. Owns: the registered receivers, which audit events they
 * get, and delivery with retries for up to a day. Does not own: recording the events (audit) or the signature (issuer).
 * The audit is the only source of events.
 */
export {
  type Attempt,
  attemptRecord,
  type Delivery,
  deliveryOutcomes,
  deliveryStates,
} from './deliveries.ts';
export { eventNames, isEventName } from './events.ts';
export { type Webhook, webhookChange, webhookInput, webhookRecord } from './schema.ts';
export { createWebhooks, type Webhooks } from './webhooks.ts';
