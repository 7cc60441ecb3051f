/** /approvals: what clients ask for and a second person decides. Nothing here can be reached with a client's own token. */
import { z } from 'zod';
import { type Approval, denialInput, grantInput, states } from '../../../access/approvals/index.ts';
import type { AuditEvent } from '../../../platform/audit/index.ts';
import { pageOf, pageOn, pageQuery, word } from './paging.ts';
import { act, type Deed, look, nothing, type Route } from './route.ts';
import { moment } from './words.ts';

export { denialInput, grantInput };

export const approval = z.object({
  id: z.string(),
  client: z.string(),
  connection: z.string(),
  tenant: z.string(),
  state: z.enum(states),
  requested_at: moment,
  last_requested_at: moment.describe('To some seconds.'),
  request_count: z.int().describe('Number of requests since `requested_at`.'),
  source_ip: z.string().describe('The client’s network address at the last request.'),
  decided_at: moment.nullable(),
  expires_at: moment.nullable().describe('When the grant ends, or when a denied client can request again.'),
});

export const approvalPage = pageOf(approval);

const query = pageQuery.extend({
  state: z.enum(states, `must be one of ${states.join(', ')}`).exactOptional(),
  connection: word.describe('Only for this connection.'),
});

const deed = (event: AuditEvent, { id, client, connection, tenant, expires_at }: Approval): Deed => ({
  event,
  client,
  connection,
  tenant,
  facts: { approval: id, expires_at },
});

export const approvalRoutes: readonly Route[] = [
  look({
    path: '/approvals',
    name: 'listApprovals',
    summary: 'List what clients asked for, and what was decided',
    query,
    answer: approvalPage,
    find: async ({ approvals }, asked) => pageOn(await approvals.list(asked.query), (one) => one),
  }),
  act({
    method: 'POST',
    path: '/approvals/:id/grant',
    name: 'grantApproval',
    summary: 'Let the client use the connection for a time',
    input: grantInput,
    status: 200,
    answer: approval,
    refusals: ['approval_not_found', 'approval_conflict', 'version_conflict'],
    async change({ approvals }, { params: { id }, body }) {
      const answer = await approvals.grant(id, body);
      return { answer, did: deed('approval.granted', answer) };
    },
  }),
  act({
    method: 'POST',
    path: '/approvals/:id/deny',
    name: 'denyApproval',
    summary: 'Refuse it, and let it not be asked for again for a time',
    input: denialInput,
    status: 200,
    answer: approval,
    refusals: ['approval_not_found', 'approval_conflict', 'version_conflict'],
    async change({ approvals }, { params: { id }, body }) {
      const answer = await approvals.deny(id, body);
      return { answer, did: deed('approval.denied', answer) };
    },
  }),
  act({
    method: 'POST',
    path: '/approvals/:id/revoke',
    name: 'revokeApproval',
    summary: 'Take a grant or a denial back, from now on',
    input: nothing,
    status: 200,
    answer: approval,
    refusals: ['approval_not_found', 'approval_conflict', 'version_conflict'],
    async change({ approvals }, { params: { id } }) {
      const answer = await approvals.revoke(id);
      return { answer, did: deed('approval.revoked', answer) };
    },
  }),
];
