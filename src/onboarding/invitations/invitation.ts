/** What is kept of an invitation. The secret in its link is not. */
import { z } from 'zod';
import { durationBetween } from '../../platform/validation/index.ts';

export interface Invitation {
  /** The hash of its secret: names it, and opens nothing. */
  readonly id: string;
  readonly connection: string;
  /** `connect` sets up and controls; `control` is the lasting link that a customer keeps, and reports nothing. */
  readonly purpose: 'connect' | 'control';
  /** The invitation on whose page a `control` link was made; null where an administrator made it. */
  readonly kept_from: string | null;
  /** Names of the permission sets that its files are to grant; absent where none were asked for. */
  readonly permissions?: readonly string[];
  readonly created_at: string;
  readonly expires_at: string;
  /** Absent until something was reported with it, which is once. */
  readonly report?: Report;
}

/** What a customer said that their set-up has made, and what came of it. */
export interface Report {
  readonly at: string;
  /** Null for one that was taken out. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Absent until it was tried. */
  readonly outcome?: Outcome;
}

export interface Outcome {
  readonly at: string;
  /** Of the connection, after the try. */
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
    .describe('How long its link is good for: from 1m to 30d.'),
  permissions: z
    .array(z.string(), 'must be a list of names')
    .max(20, 'must be 20 names at most')
    .default([])
    .describe('Permission sets of the configuration that its files grant, and its page explains.'),
});

/** The life of the link that a customer keeps, in seconds: a year, and a new one can be made from it any day. */
export const controlSeconds = 365 * 86_400;
