/**
 * Expired documents are removed in passing, by inserts, a few at a time, so that no sweep ever holds anybody up.
 * They stay this long after they have expired, in milliseconds: what is swept is gone for every process, also for one
 * whose clock is behind, and none that still serves is further behind than the 5 minutes that verifiers tolerate.
 */
export const sweepLagMs = 5 * 60_000;
