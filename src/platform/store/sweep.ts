/**
 * Inserts remove a few expired documents each, so that no sweep delays a request. A document stays this long after its
 * expiry, in milliseconds: removal affects processes whose clock is behind, and a clock that is behind by more than the
 * 5 minutes that verifiers tolerate cannot serve anyway.
 */
export const sweepLagMs = 5 * 60_000;
