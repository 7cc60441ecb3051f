/** Who came by a link: an invitation and the connection that it is for. Nobody is known by name here. */

import type { Connection } from '../../access/connections/index.ts';
import type { AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import type { Invitation } from '../invitations/index.ts';

export interface Guest {
  readonly invitation: Invitation;
  readonly connection: Connection;
  /** The page's own URL, with the secret in it. */
  readonly url: string;
}

/** What every line about a guest says. */
export const lineOf = (
  { invitation, connection }: Guest,
  context: RequestContext,
): Pick<AuditEntry, 'actor' | 'connection' | 'tenant' | keyof RequestContext> & {
  facts: { invitation: string };
} => ({
  actor: 'customer',
  connection: connection.id,
  tenant: connection.tenant,
  ...context,
  facts: { invitation: invitation.id },
});
