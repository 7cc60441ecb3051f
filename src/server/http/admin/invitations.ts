/** /connections/ID/invitations: links for the customer's administrator. */
import { z } from 'zod';
import { type Invitation, invitationInput } from '../../../onboarding/invitations/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { read } from '../../../platform/validation/index.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import { act, type Deed, look, nothing, type Route } from './route.ts';
import { gone, moment } from './words.ts';

export { invitationInput };

export const newInvitation = z.object({
  id: z.string(),
  url: z.string().describe('The page for the customer; shown this once, since only its hash is kept.'),
  expires_at: moment,
});

export const invitation = z.object({
  id: z.string().describe('The hash of its secret, which opens nothing.'),
  purpose: z
    .enum(['connect', 'control'])
    .describe('`connect` is yours; `control` is a lasting link that the customer keeps.'),
  created_at: moment,
  expires_at: moment,
  reported_at: moment.nullable().describe('When something was reported with it.'),
});

export const invitationPage = pageOf(invitation);

const viewOf = (one: Invitation) => ({ ...one, reported_at: one.report?.at ?? null });

const deed = (event: Deed['event'], { id, connection, expires_at }: Invitation): Deed => ({
  event,
  connection,
  facts: { invitation: id, expires_at },
});

export const invitationRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/connections/:id/invitations',
    name: 'createInvitation',
    summary: "Make a link for the customer's administrator",
    input: invitationInput,
    status: 201,
    answer: newInvitation,
    refusals: ['connection_not_found', 'invitation_limit'],
    async change({ connections, invitations, onboarding }, { params: { id }, body }) {
      const connection = await connections.get(id);
      // What the files refuse is told to whoever asks for it, and not to the customer.
      const { permissions } = read(invitationInput, body);
      if (permissions.length > 0) await onboarding.artefacts(connection, { permissions });
      const { invitation: made, url } = await invitations.create(id, body);
      return {
        answer: { id: made.id, url, expires_at: made.expires_at },
        did: { ...deed('invitation.created', made), tenant: connection.tenant },
      };
    },
  }),
  look({
    path: '/connections/:id/invitations',
    name: 'listInvitations',
    summary: 'List the invitations that have not ended, those that the customer keeps among them',
    query: pageQuery,
    answer: invitationPage,
    refusals: ['connection_not_found'],
    async find({ connections, invitations }, { params: { id }, query }) {
      await connections.get(id);
      return pageOn(await invitations.list(id, query), viewOf);
    },
  }),
  act({
    method: 'DELETE',
    path: '/connections/:id/invitations/:invitation',
    name: 'revokeInvitation',
    summary: 'Make a link worthless at once',
    input: nothing,
    status: 204,
    answer: gone,
    refusals: ['connection_not_found', 'invitation_not_found', 'invitation_in_use', 'version_conflict'],
    async change({ connections, invitations }, { params: { id, invitation: which } }) {
      const { tenant, paused_by } = await connections.get(id);
      const one = await invitations.get(id, which);
      // Without it anybody with a newer link could resume, an administrator too.
      if (paused_by === one.id) throw new SojournError('invitation_in_use');
      await invitations.revoke(one.id);
      return { answer: undefined, did: { ...deed('invitation.revoked', one), tenant } };
    },
  }),
];
