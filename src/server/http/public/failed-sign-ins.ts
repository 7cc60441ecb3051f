/**
 * Rate limit against guessing of secrets. It counts failures per network address and never per client, or an
 * unauthenticated caller could lock out a client from anywhere.
 */
import { createBuckets, networkOf } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';

export interface FailedSignIns {
  /** Whole seconds until this address may try again; 0 if it may try now. */
  wait(address: string): number;
  /** Records a failure. True if it reached the limit, so that the audit gets one line per flood. */
  record(address: string): boolean;
}

/** A token bucket per address: it holds the failures of one minute, and refills within a minute. */
export function createFailedSignIns(perMinute: number, now: Now): FailedSignIns {
  const buckets = createBuckets({ size: perMinute, perSecond: perMinute / 60 }, now);
  return {
    wait: (address) => buckets.retryAfter(networkOf(address)),
    record: (address) => buckets.consume(networkOf(address)),
  };
}
