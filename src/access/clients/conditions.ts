/** Selectors and conditions of rules and guards: connections, claims, authentication methods, hours and purposes. */
import { z } from 'zod';
import { cloudField } from '../../clouds/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { labelsField, purposeName } from '../../platform/validation/index.ts';
import { patternField } from '../federation/index.ts';
import { methodNames } from './methods.ts';

const idField = (prefix: 'con' | 'ten') =>
  z.string().refine((text) => isId(prefix, text), `must be an id that begins with ${prefix}_`);

/** Selectors of connections; all that are present must match. */
export const selectors = {
  connection: idField('con').exactOptional(),
  tenant: idField('ten').exactOptional(),
  cloud: cloudField.exactOptional(),
  labels: labelsField.refine((labels) => Object.keys(labels).length > 0, 'must name a label').exactOptional(),
};

/** A connection's id cannot be combined with other selectors: they would be redundant, or contradict it after a change. */
export const connectionStandsAlone = (given: object): boolean =>
  !Object.hasOwn(given, 'connection') ||
  ['tenant', 'cloud', 'labels'].every((name) => !Object.hasOwn(given, name));

const timeOfDay = z
  .string('must be a time of day such as "08:00"')
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time of day such as 08:00, up to 24:00');

export const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const hours = z
  .strictObject({
    from: timeOfDay,
    to: timeOfDay.describe('Exclusive. If earlier than from, the window ends on the next day.'),
    days: z
      .array(z.enum(dayNames, `must be one of ${dayNames.join(', ')}`))
      .min(1, 'must name a day')
      .max(7, 'must be 7 days at most')
      .exactOptional()
      .describe('Days on which the window begins; by default every day.'),
    time_zone: z
      .string()
      .max(64, 'must not be over 64 characters')
      .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
      .describe('A name of the IANA time zone database.'),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], message: 'must differ from `from`' });

export type Hours = z.infer<typeof hours>;

function isTimeZone(name: string): boolean {
  try {
    // Rejects fixed offsets such as +01:00: they ignore daylight saving time.
    return /^[A-Z]/i.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

const maxClaims = 20;

/** Conditions on the sign-in and on the time. */
export const conditions = {
  claims: z
    .record(z.string().min(1).max(200), patternField)
    .refine((claims) => Object.keys(claims).length > 0, 'must name a claim')
    .refine(
      (claims) => Object.keys(claims).length <= maxClaims,
      `must not contain more than ${maxClaims} claims`,
    )
    .exactOptional()
    .describe(
      'Claims of the token with which the workload signed in, by name or by a JSON Pointer. Other authentication methods have no claims.',
    ),
  methods: z
    .array(z.enum(methodNames, `must be one of ${methodNames.join(', ')}`))
    .min(1, 'must name a method')
    .max(methodNames.length, 'must name each method once')
    .exactOptional()
    .describe('How the client authenticates.'),
  hours: hours.exactOptional(),
};

export const purposesField = z
  .array(purposeName)
  .min(1, 'must name a purpose')
  .max(20, 'must be 20 purposes at most')
  .exactOptional();

/** Conditions of a rule or a guard; all that are present must be met. */
export interface Restriction {
  readonly claims?: z.infer<typeof conditions.claims>;
  readonly methods?: z.infer<typeof conditions.methods>;
  readonly hours?: Hours;
  readonly purposes?: readonly string[];
}
