/** The switch that the customer holds. Whoever paused can resume, and no administrator can in their place. */

import type { Connection, Connections } from '../../access/connections/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Invitation, Invitations } from '../invitations/index.ts';
import { type Guest, lineOf } from './guest.ts';

interface SwitchRooms {
  readonly connections: Connections;
  readonly invitations: Invitations;
  readonly audit: Audit;
}

/**
 * Whether this link lifts a pause that `holder` holds: its own, that of the link which it was kept from, and one whose
 * link has ended, since nobody else could then.
 */
export const liftsPause = async (
  { id, kept_from }: Invitation,
  holder: string,
  invitations: Pick<Invitations, 'find'>,
): Promise<boolean> => holder === id || holder === kept_from || !(await invitations.find(holder));

export async function pause(rooms: SwitchRooms, guest: Guest, context: RequestContext): Promise<Connection> {
  const paused = await rooms.connections.pause(guest.connection.id, guest.invitation.id);
  await rooms.audit.record({ event: 'connection.paused', outcome: 'ok', ...lineOf(guest, context) });
  return paused;
}

/** Rejects with `pause_not_owned`. */
export async function resume(rooms: SwitchRooms, guest: Guest, context: RequestContext): Promise<Connection> {
  const { connections, invitations, audit } = rooms;
  try {
    const resumed = await connections.resume(guest.connection.id, (holder) =>
      liftsPause(guest.invitation, holder, invitations),
    );
    await audit.record({ event: 'connection.resumed', outcome: 'ok', ...lineOf(guest, context) });
    return resumed;
  } catch (error) {
    if (error instanceof SojournError && error.code === 'pause_not_owned')
      await audit.record({
        event: 'connection.resume_refused',
        outcome: 'refused',
        ...lineOf(guest, context),
        reason: error.code,
      });
    throw error;
  }
}
