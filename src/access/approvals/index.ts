/**
 * Approvals: connections that a client may use only under an active grant of an administrator.
 * Owns: the approvals (at most one per client and connection), the decisions on them and their expiry, and the check for an
 * active grant, which `authorize` (policy) makes last.
 * Does not own: whether a client may use a connection at all (policy), or who is an administrator (admin listener).
 */
export {
  type Approval,
  type ApprovalState,
  approvalRecord,
  denialInput,
  grantInput,
  states,
  withinApproval,
} from './approval.ts';
export { type ApprovalStatus, type Approvals, createApprovals } from './approvals.ts';
