/** The stored form of an invitation. It does not contain the secret of the link. */
import { z } from 'zod';
import { durationBetween } from '../../platform/validation/index.ts';

export interface Invitation {
  /** The hash of its secret. It identifies the invitation but gives no access. */
  readonly id: string;
  readonly connection: string;
  /** `connect` sets up and controls the connection; `control` is the customer's lasting link, which only controls it. */
  readonly type: 'connect' | 'control';
  /** The invitation on whose page a `control` link was created; null if an administrator of the vendor created it. */
  readonly created_from: string | null;
  /** Names of the permission sets that its set-up files contain; absent if there are none. */
  readonly permissions?: readonly string[];
  readonly created_at: string;
  readonly expires_at: string;
  /** Absent until the customer's set-up reports, which it can do once. */
  readonly report?: SetupReport;
}

/** The ids that a customer's set-up reported, and the result of the verification that followed. */
export interface SetupReport {
  readonly reported_at: string;
  /** Null for a field that the report removes. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Absent until the verification has finished. */
  readonly result?: SetupResult;
}

export interface SetupResult {
  readonly finished_at: string;
  /** The connection's state after the verification. */
  readonly state: string;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly detail: string;
    readonly advice: string | null;
  }[];
}

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
