/** The stored form of an invitation. It does not contain the secret of the link. */
import { z } from 'zod';
import { durationBetween, type Immutable, timestamp } from '../../platform/validation/index.ts';

/** The result of the verification that followed a set-up report. */
const setupResult = z.object({
  finished_at: timestamp,
  /** The connection's state after the verification. */
  state: z.string(),
  checks: z.array(
    z.object({ name: z.string(), outcome: z.string(), detail: z.string(), advice: z.string().nullable() }),
  ),
});

/** The ids that a customer's set-up reported. */
const setupReport = z.object({
  reported_at: timestamp,
  /** Null for a field that the report removes. */
  fields: z.record(z.string(), z.unknown()),
  /** Absent until the verification has finished. */
  result: setupResult.exactOptional(),
});

export const invitationRecord = z.object({
  id: z.string().describe('The hash of its secret; it does not open the page.'),
  connection: z.string(),
  /** `connect` sets up and controls the connection; `control` is the customer's lasting link, which only controls it. */
  type: z
    .enum(['connect', 'control'])
    .describe(
      '`connect`: an invitation by an administrator. `control`: a control link that the customer created.',
    ),
  /** The invitation on whose page a `control` link was created; null if an administrator of the vendor created it. */
  created_from: z.string().nullable(),
  /** Names of the permission sets that its set-up files contain; absent if there are none. */
  permissions: z.array(z.string()).exactOptional(),
  created_at: timestamp,
  expires_at: timestamp,
  /** Absent until the customer's set-up reports, which it can do once. */
  report: setupReport.exactOptional(),
});

export type Invitation = Immutable<z.output<typeof invitationRecord>>;
export type SetupReport = Immutable<z.output<typeof setupReport>>;
export type SetupResult = Immutable<z.output<typeof setupResult>>;

export const invitationInput = z.strictObject({
  expires_in: durationBetween('1m', '30d')
    .prefault('7d')
    .describe('How long the link is valid: from 1m to 30d.'),
  permissions: z
    .array(z.string(), 'must be a list of names')
    .max(20, 'must not have more than 20 names')
    .default([])
    .describe('Permission sets of the configuration that the set-up files contain and the page explains.'),
});

/** The lifetime in seconds. */
export type InvitationInput = z.output<typeof invitationInput>;

/** Lifetime of a control link in seconds: a year. The customer can create the next one from it at any time. */
export const controlLinkSeconds = 365 * 86_400;
