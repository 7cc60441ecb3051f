/**
 * What the vendor's own systems are told of connections. Owns: where to tell it, which lines of the audit are worth
 * telling, and trying until it was heard or a day has passed. Does not own: what happened (the audit) or the signature
 * (issuer). The source is the audit: what is in it is told, and what is told is in it.
 */
export type { Attempt, Delivery } from './deliveries.ts';
export { eventNames, isEventName } from './events.ts';
export { type Webhook, webhookChange, webhookInput } from './schema.ts';
export { createWebhooks, type Webhooks } from './webhooks.ts';
