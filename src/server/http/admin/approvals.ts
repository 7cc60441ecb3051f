/** /approvals: clients' requests to use a connection, which an administrator decides. A client's own token opens none of it. */
import { z } from 'zod';
import {
  type Approval,
  approvalRecord,
  denialInput,
  grantInput,
  states,
} from '../../../access/approvals/index.ts';
import type { AuditEvent } from '../../../platform/audit/index.ts';
import { mapPage, pageOf, pageQuery, shortText } from './paging.ts';
import { type AdminAuditEvent, nothing, type Route, readRoute, writeRoute } from './route.ts';

export { denialInput, grantInput };

export const approval = approvalRecord;

export const approvalPage = pageOf(approval);

const query = pageQuery.extend({
  state: z.enum(states, `must be one of ${states.join(', ')}`).exactOptional(),
  connection: shortText.describe('Only approvals for this connection.'),
});

const eventOf = (
  event: AuditEvent,
  { id, client, connection, tenant, expires_at }: Approval,
): AdminAuditEvent => ({
  event,
  client,
  connection,
  tenant,
  facts: { approval: id, expires_at },
});

export const approvalRoutes: readonly Route[] = [
  readRoute({
    path: '/approvals',
    operationId: 'listApprovals',
    summary: 'List approvals: clients’ requests and the decisions on them',
    query,
    answer: approvalPage,
    find: async ({ approvals }, request) => mapPage(await approvals.list(request.query), (item) => item),
  }),
  writeRoute({
    method: 'POST',
    path: '/approvals/:id/grant',
    operationId: 'grantApproval',
    summary: 'Grant the client the use of the connection for a limited time',
    input: grantInput,
    status: 200,
    answer: approval,
    refusals: ['approval_not_found', 'approval_conflict', 'version_conflict'],
    async change({ approvals }, { params: { id }, body }) {
      const answer = await approvals.grant(id, body);
      return { answer, auditEvent: eventOf('approval.granted', answer) };
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/approvals/:id/deny',
    operationId: 'denyApproval',
    summary: 'Deny a request; the client cannot request again for a limited time',
    input: denialInput,
    status: 200,
    answer: approval,
    refusals: ['approval_not_found', 'approval_conflict', 'version_conflict'],
    async change({ approvals }, { params: { id }, body }) {
      const answer = await approvals.deny(id, body);
      return { answer, auditEvent: eventOf('approval.denied', answer) };
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/approvals/:id/revoke',
    operationId: 'revokeApproval',
    summary: 'Revoke a grant or a denial',
    input: nothing,
    status: 200,
    answer: approval,
    refusals: ['approval_not_found', 'approval_conflict', 'version_conflict'],
    async change({ approvals }, { params: { id } }) {
      const answer = await approvals.revoke(id);
      return { answer, auditEvent: eventOf('approval.revoked', answer) };
    },
  }),
];
