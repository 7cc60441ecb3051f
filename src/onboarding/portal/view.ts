/** The content of the page. It contains no internals of the vendor. */
import { createHash } from 'node:crypto';
import { type Connection, stateOf } from '../../access/connections/index.ts';
import type { SetupFacts, SetupFile } from '../../clouds/index.ts';
import type { Invitation } from '../invitations/index.ts';
import type { Check, VerificationRecord } from '../verification/index.ts';
import type { Usage } from './usage.ts';

/** The parts of a verification that help the customer. */
export type VerificationView = Pick<VerificationRecord, 'state'> & {
  readonly checks: readonly Pick<Check, 'outcome' | 'detail' | 'advice' | 'fix'>[];
};

export interface View {
  readonly url: string;
  readonly cloud: string;
  readonly target: Connection['target'];
  readonly state: ReturnType<typeof stateOf>;
  /** Whether the connection has ever been active. */
  readonly wasActive: boolean;
  readonly paused_at: string | undefined;
  /** Whether this link can end the pause. */
  readonly canResume: boolean;
  readonly verified_at: string | null;
  readonly facts: SetupFacts;
  readonly files: readonly SetupFile[];
  /** The requested permission sets, by name. */
  readonly permissions: Readonly<Record<string, unknown>>;
  /** The latest verification, requested by any actor; undefined before the first. */
  readonly verification: VerificationView | undefined;
  readonly invitation: Pick<Invitation, 'type' | 'expires_at' | 'report'>;
  readonly usage: Usage;
  /** Changes whenever the content changes. */
  readonly revision: string;
}

/** Hash of everything on the page that can change while it is open. */
export const revisionOf = (connection: Connection, invitation: Invitation): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        stateOf(connection),
        connection.verified_at,
        connection.target,
        invitation.report?.result?.finished_at ?? invitation.report?.reported_at ?? null,
      ]),
    )
    .digest('base64url')
    .slice(0, 16);
