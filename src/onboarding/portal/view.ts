/** What the page shows, with nothing of the vendor's inside in it. */
import { createHash } from 'node:crypto';
import { type Connection, stateOf } from '../../access/connections/index.ts';
import type { CloudName, SetupFacts, SetupFile } from '../../clouds/index.ts';
import type { Invitation } from '../invitations/index.ts';
import type { Check, Report } from '../verification/index.ts';
import type { Uses } from './uses.ts';

/** Of a report no more than helps the customer. */
export type Tried = Pick<Report, 'state'> & {
  readonly checks: readonly Pick<Check, 'outcome' | 'detail' | 'advice' | 'fix'>[];
};

export interface View {
  readonly url: string;
  readonly cloud: CloudName;
  readonly target: Connection['target'];
  readonly state: ReturnType<typeof stateOf>;
  /** Whether it has ever been active. */
  readonly settled: boolean;
  readonly paused_at: string | undefined;
  /** Whether this link lifts the pause. */
  readonly mayResume: boolean;
  readonly verified_at: string | null;
  readonly facts: SetupFacts;
  readonly artefacts: readonly SetupFile[];
  /** The permission sets that are asked for, by their names. */
  readonly permissions: Readonly<Record<string, unknown>>;
  /** What the newest verification found, whoever asked for it; undefined before the first. */
  readonly tried: Tried | undefined;
  readonly invitation: Pick<Invitation, 'purpose' | 'expires_at' | 'report'>;
  readonly uses: Uses;
  /** Another one whenever what is shown has changed. */
  readonly revision: string;
}

/** Of what changes while somebody looks on. */
export const revisionOf = (connection: Connection, invitation: Invitation): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        stateOf(connection),
        connection.verified_at,
        connection.target,
        invitation.report?.outcome?.at ?? invitation.report?.at ?? null,
      ]),
    )
    .digest('base64url')
    .slice(0, 16);
