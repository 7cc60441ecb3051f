/** Pause and resume, for the customer. Only the owner of a pause can end it; the vendor's administrators cannot. */

import type { Connection, Connections } from '../../access/connections/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Invitation, Invitations } from '../invitations/index.ts';
import { auditFieldsOf, type InvitationHolder } from './invitation-holder.ts';

interface PauseDependencies {
  readonly connections: Connections;
  readonly invitations: Invitations;
  readonly audit: Audit;
}

/**
 * Whether this link can end a pause of `owner`, the invitation that paused. It can if it is the owner, if it was created
 * from the owner's page, or if the owner's link has expired, because no other link could then.
 */
export const canEndPause = async (
  { id, created_from }: Invitation,
  owner: string,
  invitations: Pick<Invitations, 'find'>,
): Promise<boolean> => owner === id || owner === created_from || !(await invitations.find(owner));

export async function pause(
  { connections, audit }: PauseDependencies,
  holder: InvitationHolder,
  context: RequestContext,
): Promise<Connection> {
  // A repeated request changes nothing, so it costs no audit line and no webhook.
  if (holder.connection.paused_at !== undefined) return holder.connection;
  const paused = await connections.pause(holder.connection.id, holder.invitation.id);
  await audit.record({ event: 'connection.paused', outcome: 'ok', ...auditFieldsOf(holder, context) });
  return paused;
}

/** Rejects with `pause_not_owned`. */
export async function resume(
  { connections, invitations, audit }: PauseDependencies,
  holder: InvitationHolder,
  context: RequestContext,
): Promise<Connection> {
  if (holder.connection.paused_at === undefined) return holder.connection;
  try {
    const resumed = await connections.resume(holder.connection.id, (owner) =>
      canEndPause(holder.invitation, owner, invitations),
    );
    await audit.record({ event: 'connection.resumed', outcome: 'ok', ...auditFieldsOf(holder, context) });
    return resumed;
  } catch (error) {
    if (error instanceof SojournError && error.code === 'pause_not_owned')
      await audit.record({
        event: 'connection.resume_refused',
        outcome: 'refused',
        ...auditFieldsOf(holder, context),
        reason: error.code,
      });
    throw error;
  }
}
