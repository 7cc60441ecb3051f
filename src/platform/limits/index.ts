/**
 * What one caller may take of this process, so that enough is left for the others. Owns: the counts of requests, by
 * network address and by client, and the turns in which tenants' visits to clouds are made. All of it is in the memory
 * of one replica, and bounded. Does not own: who a caller is, what is limited (the doors, the issuer and the exchange
 * ask), or how a refusal is told.
 */
export { createBuckets, networkOf } from './buckets.ts';
export { createRequestLimits, type RequestLimits } from './requests.ts';
export { createTurns, type Turns } from './turns.ts';
