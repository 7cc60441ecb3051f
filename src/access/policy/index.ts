/**
 * Policy: whether a client may use a connection, and for which purpose.
 * Owns: the decision, one for /token and the exchange (`decide`), the guards that apply to all clients, the policy test
 * file, and the list of parameters that callers cannot set because the connection fixes them.
 * Does not own: the rules (clients), the purposes and whether a connection is paused (connections), or the grants
 * (approvals).
 */
export { type PolicyFile, policyFile, policyFileFaults, runTests, type TestOutcome } from './cases.ts';
export type { WorkloadClaims } from './claims.ts';
export { workloadClaimsOf } from './claims.ts';
export { type Decision, decide, type PolicyClient, type Question } from './decide.ts';
export { type PolicyDocument, policyInput } from './document.ts';
export { matchesSelector, type PolicySubject } from './evaluate.ts';
export { fixedByConnection } from './fixed-parameters.ts';
export { type Guard, guardInput, guardModes, guardsField } from './guards.ts';
export { isWithin } from './hours.ts';
export { onlyConnection } from './only-connection.ts';
export { type AuthorizedUse, createPolicy, explanationReasons, type Policy } from './policy.ts';
