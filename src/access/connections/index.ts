/**
 * The ways into the customers' clouds. Owns: their records, what may be set on them, and their state. Does not own:
 * what a target means (clouds) or whether a cloud really lets us in (exchange).
 */
export { hasBeenActive, unavailableReason } from './closed.ts';
export {
  type Connection,
  type ConnectionState,
  destinationOf,
  leadAlike,
  type ResolvedConnection,
  resolveConnection,
  stateOf,
  subjectOf,
  tokenSecondsOf,
  type Verdict,
  type VerdictChange,
} from './connection.ts';
export { type Connections, createConnections } from './connections.ts';
export { setupFactsOf } from './facts.ts';
export { narrowedTo, purposesField, purposesOf } from './purposes.ts';
export { reportedTarget } from './reported.ts';
export { connectionInput, connectionPatch } from './schema.ts';
export { nobodyTrusts } from './trust.ts';
