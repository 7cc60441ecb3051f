/**
 * Who may enter where, for what. Owns: the one decision, taken by /token and by the exchange alike, the guards that stand
 * above all rules, and the list of what no caller may choose. Does not own: the rules (they stand on the client), the
 * purposes (on the connection), or what happens afterwards.
 */
export { faultsInCases, type Outcome, outcomesOf, type PolicyFile, policyFile } from './cases.ts';
export { isNeverTheCallers } from './choices.ts';
export type { CarriedClaims } from './claims.ts';
export { carriedClaims } from './claims.ts';
export { type Caller, type Decision, decide, type Question } from './decide.ts';
export { type PolicyDocument, policyInput } from './document.ts';
export { covers, type Place } from './evaluate.ts';
export { type Guard, guardInput, guardsField } from './guards.ts';
export { isWithin } from './hours.ts';
export { onlyConnection } from './only-connection.ts';
export { type Admission, createPolicy, type Policy } from './policy.ts';
