/**
 * Brute force at /token: who fails too often has to wait, and nobody else. What counts is the network address and never
 * the client that was named, or a stranger could lock a client out from anywhere.
 */
import { createBuckets, networkOf } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';

export interface FailedSignIns {
  /** Whole seconds that this address has to wait; 0 when it may try. */
  wait(address: string): number;
  /** True for the failure that used up what the address has: worth one line in the audit. */
  record(address: string): boolean;
}

/** A bucket for each address: it holds a minute's worth of failures and fills again within a minute. */
export function createFailedSignIns(perMinute: number, now: Now): FailedSignIns {
  const buckets = createBuckets({ size: perMinute, perSecond: perMinute / 60 }, now);
  return {
    wait: (address) => buckets.wait(networkOf(address)),
    record: (address) => buckets.take(networkOf(address)),
  };
}
