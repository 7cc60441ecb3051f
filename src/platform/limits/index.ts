/**
 * Rate limits and fair queueing: one caller cannot starve the others.
 * Owns: request counts by network address and by client, addresses of clients, the queue that shares exchange slots fairly
 * among tenants, how many error lines callers can cause, and counts of refusals for the audit.
 * All state is bounded and in the memory of one replica.
 * Does not own: identifying callers, where a limit applies (listeners, issuer, exchange), or error responses.
 */
export { createBuckets, networkOf } from './buckets.ts';
export { limitErrors } from './error-lines.ts';
export { createFairQueue, type FairQueue } from './fair-queue.ts';
export { createKnownAddresses, type KnownAddresses } from './known-addresses.ts';
export { sampleRefusals } from './refusal-counts.ts';
export { createRequestLimits, type RequestLimits } from './requests.ts';
