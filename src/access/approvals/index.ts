/**
 * Second persons: connections that a client may enter only while an administrator has said so. Owns: the requests, one for
 * each client and connection at most, their decisions and ends, and the one check that /token and the exchange both pass
 * behind the policy. Does not own: who may ask at all (policy), or who is an administrator (the admin door).
 */
export {
  type Approval,
  type ApprovalState,
  denialInput,
  grantInput,
  states,
  withinGrant,
} from './approval.ts';
export { type Approvals, createApprovals, type Standing } from './approvals.ts';
