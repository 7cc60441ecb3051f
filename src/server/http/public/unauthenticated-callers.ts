/**
 * How much a stranger may ask at /token and /v1: who asks or fails too often is answered by itself for a while, and leaves
 * no line in the audit then. One account for both, or guesses at one would be free at the other.
 */
import type { Audit, RequestContext } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { RequestLimits } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import { createFailedSignIns } from './failed-sign-ins.ts';

export interface UnauthenticatedCallers {
  /** Counts a request; rejects with `rate_limited` for an address that has asked or failed too often. */
  admit(context: RequestContext): Promise<void>;
  /** Counts a request that has proven nobody, in its address's account. */
  recordFailure(context: RequestContext): Promise<void>;
}

export interface UnauthenticatedCallersOptions {
  readonly limits: Pick<RequestLimits, 'countAddress'>;
  readonly audit: Audit;
  readonly now: Now;
  /** How many sign-ins an address may fail in a minute. */
  readonly failedSignIns: number;
}

export function createUnauthenticatedCallers({
  limits,
  audit,
  now,
  failedSignIns,
}: UnauthenticatedCallersOptions): UnauthenticatedCallers {
  const failures = createFailedSignIns(failedSignIns, now);
  return {
    async admit(context) {
      const retryAfter = failures.wait(context.source_ip);
      if (retryAfter > 0) throw new SojournError('rate_limited', { retryAfter });
      await limits.countAddress(context);
    },
    async recordFailure(context) {
      if (!failures.record(context.source_ip)) return;
      await audit.record({ event: 'sign_in.rate_limited', outcome: 'refused', actor: 'unknown', ...context });
    },
  };
}
