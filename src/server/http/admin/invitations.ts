/** /connections/ID/invitations: links for the customer's administrator. */
import { z } from 'zod';
import { setUpOf } from '../../../clouds/index.ts';
import { type Invitation, invitationInput, invitationRecord } from '../../../onboarding/invitations/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { noContent } from './fields.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { type AdminAuditEvent, nothing, type Route, readRoute, writeRoute } from './route.ts';

export { invitationInput };

const { id, type, created_at, expires_at, report } = invitationRecord.shape;

export const newInvitation = z.object({
  id: z.string(),
  url: z.string().describe('The page for the customer. Shown only once; the server stores a hash.'),
  expires_at,
});

export const invitation = z.object({
  id,
  type,
  created_at,
  expires_at,
  reported_at: report
    .unwrap()
    .shape.reported_at.nullable()
    .describe('When the set-up report was received through this link.'),
});

export const invitationPage = pageOf(invitation);

const viewOf = (one: Invitation) => ({ ...one, reported_at: one.report?.reported_at ?? null });

const eventOf = (
  event: AdminAuditEvent['event'],
  { id, connection, expires_at }: Invitation,
): AdminAuditEvent => ({
  event,
  connection,
  facts: { invitation: id, expires_at },
});

export const invitationRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/connections/:id/invitations',
    operationId: 'createInvitation',
    summary: 'Create an invitation: a link for the customer’s administrator',
    input: invitationInput,
    status: 201,
    answer: newInvitation,
    refusals: ['connection_not_found', 'invitation_limit'],
    async change({ connections, invitations, setup }, { params: { id }, body }) {
      const connection = await connections.get(id);
      // Checks cloud and permissions now, so that this caller gets the error and not the customer.
      setUpOf(connection.cloud);
      const { permissions } = body;
      if (permissions.length > 0) await setup.files(connection, { permissions });
      const { invitation: created, url } = await invitations.create(id, body);
      return {
        answer: { id: created.id, url, expires_at: created.expires_at },
        auditEvent: { ...eventOf('invitation.created', created), tenant: connection.tenant },
      };
    },
  }),
  readRoute({
    path: '/connections/:id/invitations',
    operationId: 'listInvitations',
    summary: 'List invitations and control links that have not expired',
    query: pageQuery,
    answer: invitationPage,
    refusals: ['connection_not_found'],
    async find({ connections, invitations }, { params: { id }, query }) {
      await connections.get(id);
      return mapPage(await invitations.list(id, query), viewOf);
    },
  }),
  writeRoute({
    method: 'DELETE',
    path: '/connections/:id/invitations/:invitation',
    operationId: 'revokeInvitation',
    summary: 'Revoke an invitation or a control link; it stops working at once',
    input: nothing,
    status: 204,
    answer: noContent,
    refusals: ['connection_not_found', 'invitation_not_found', 'invitation_in_use', 'version_conflict'],
    async change({ connections, invitations }, { params: { id, invitation: which } }) {
      const { tenant, paused_by } = await connections.get(id);
      const one = await invitations.get(id, which);
      // The connection is paused through this link. Without it, any newer link could resume the connection.
      if (paused_by === one.id) throw new SojournError('invitation_in_use');
      await invitations.revoke(one.id);
      return { answer: undefined, auditEvent: { ...eventOf('invitation.revoked', one), tenant } };
    },
  }),
];
