/** What the API takes for a webhook, and what is kept of it. */
import { z } from 'zod';
import { eventNames } from './events.ts';

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly tenant: string | null;
  readonly events: readonly string[];
  readonly disabled: boolean;
  readonly created_at: string;
  readonly updated_at: string;
  /** The last line of the audit that was looked at for it. */
  readonly cursor: number;
}

const urlField = z
  .string()
  .max(2_000, 'must not be over 2000 characters')
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url?.protocol === 'https:' && !url.username && !url.password && !url.hash && !text.includes('@');
  }, 'must be an https URL without a user or fragment');

const eventsField = z
  .array(z.enum(eventNames, `must be one of ${eventNames.join(', ')}`))
  .min(1, 'must name an event')
  .max(eventNames.length)
  .refine((events) => new Set(events).size === events.length, 'must not hold an event twice');

export const webhookInput = z.strictObject({
  url: urlField.describe('Where security event tokens are posted (RFC 8935).'),
  tenant: z.string().nullable().default(null).describe('Only what concerns this tenant.'),
  events: eventsField.default([...eventNames]),
});

export const webhookChange = z.strictObject({
  url: urlField.optional(),
  events: eventsField.optional(),
  disabled: z.boolean().optional(),
});
