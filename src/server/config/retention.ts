/** How long the audit log keeps the texts of its lines. */
import { z } from 'zod';
import { auditEvents } from '../../platform/audit/index.ts';
import { durationBetween } from '../../platform/validation/index.ts';

/** The server reads lines of the last days itself: uses of connections, and events for webhooks. */
export const ageField = durationBetween('7d', '3650d');

const eventField = z
  .string()
  .refine((name) => auditEvents.some((event) => event === name), 'must be an event of the audit log')
  .refine(
    (name) => name !== 'audit.pruned',
    'must not be audit.pruned, which is kept forever: without it, the log cannot be verified',
  );

/** By event, the age in seconds; null is forever. */
export type EventAges = Readonly<Record<string, number | null>>;

export const eventAgesField: z.ZodType<EventAges> = z.record(
  eventField,
  z.union([z.literal('forever').transform(() => null), ageField], 'must be from 7d to 3650d, or forever'),
  'must map events to ages',
);
