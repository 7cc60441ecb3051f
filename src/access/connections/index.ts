/**
 * Connections: access to one account of a customer's cloud. Owns: their records, settable fields and state.
 * Does not own: the meaning of a target (clouds) or whether a cloud grants access (exchange).
 */
export { hasBeenActive, unavailableReason } from './availability.ts';
export {
  type Connection,
  type ConnectionState,
  connectionRecord,
  connectionStates,
  type ResolvedConnection,
  resolveConnection,
  sameTarget,
  stateOf,
  subjectOf,
  underIssuer,
  type Verdict,
  type VerdictChange,
  verdicts,
} from './connection.ts';
export { type Connections, createConnections } from './connections.ts';
export { setupFactsOf } from './facts.ts';
export { purposesField, purposesOf, resolveFor, warningsOf } from './purposes.ts';
export { reportedTarget } from './reported.ts';
export {
  type ConnectionPatch,
  connectionInput,
  connectionPatch,
  type NewConnection,
  readNewConnection,
} from './schema.ts';
export type { UndeclaredPrincipal } from './shared-principals.ts';
export { isIssuerUnused } from './trust.ts';
