/** The schemas of a webhook: its record and its API inputs. */
import { z } from 'zod';
import { type Immutable, timestamp } from '../../platform/validation/index.ts';
import { eventNames } from './events.ts';

export const webhookRecord = z.object({
  id: z.string(),
  url: z.string(),
  tenant: z.string().nullable(),
  /** May contain events of a later version. */
  events: z.array(z.string()),
  disabled: z.boolean(),
  created_at: timestamp,
  updated_at: timestamp,
  /** Id of the last audit line that was processed for it. */
  cursor: z.int(),
});

export type Webhook = Immutable<z.output<typeof webhookRecord>>;

const urlField = z
  .string()
  .max(2_000, 'must not be longer than 2000 characters')
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url?.protocol === 'https:' && !url.username && !url.password && !url.hash && !text.includes('@');
  }, 'must be an https URL without a user or fragment');

const eventsField = z
  .array(z.enum(eventNames, `must be one of ${eventNames.join(', ')}`))
  .min(1, 'must have at least one event')
  .max(eventNames.length)
  .refine((events) => new Set(events).size === events.length, 'must not contain an event twice');

export const webhookInput = z.strictObject({
  url: urlField.describe('The URL that receives security event tokens (RFC 8935).'),
  tenant: z.string().nullable().default(null).describe('Only events of this tenant.'),
  events: eventsField.default([...eventNames]),
});

export const webhookChange = z.strictObject({
  url: urlField.optional(),
  events: eventsField.optional(),
  disabled: z.boolean().optional(),
});

export type WebhookInput = z.output<typeof webhookInput>;
export type WebhookChange = z.output<typeof webhookChange>;
