/** How long the audit log keeps the texts of its lines. */
import { z } from 'zod';
import { auditEvents } from '../../platform/audit/index.ts';
import { durationBetween } from '../../platform/validation/index.ts';

/** The server reads lines of the last days itself: uses of connections, and events for webhooks. */
export const ageField = durationBetween('7d', '3650d');

/** By event, the age in seconds; null is forever. */
export type EventAges = Readonly<Record<string, number | null>>;

export const eventAgesField: z.ZodType<EventAges> = z
  .record(
    z.string(),
    z.union([z.literal('forever').transform(() => null), ageField], 'must be from 7d to 3650d, or forever'),
    'must map events to ages',
  )
  .superRefine((ages, context) => {
    for (const name of Object.keys(ages)) {
      const message = faultOf(name);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
    }
  });

function faultOf(name: string): string | undefined {
  if (name === 'audit.pruned') return 'cannot be pruned: without it, the log cannot be verified';
  return auditEvents.some((event) => event === name) ? undefined : 'must be an event of the audit log';
}
