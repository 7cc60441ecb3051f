/** A person with a valid link: the invitation and its connection. The person's name is not known. */

import type { Connection } from '../../access/connections/index.ts';
import type { AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import type { Invitation } from '../invitations/index.ts';

export interface InvitationHolder {
  readonly invitation: Invitation;
  readonly connection: Connection;
  /** URL of the page. It contains the secret. */
  readonly url: string;
}

/** The fields that every audit event about an invitation holder has. */
export const auditFieldsOf = (
  { invitation, connection }: InvitationHolder,
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
