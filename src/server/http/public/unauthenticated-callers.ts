/**
 * Rate limits for callers at /token and /v1 before they are authenticated. A caller over a limit gets 429, which is
 * counted in the audit. Both paths share the counters, or guesses at one would not count at the other. If too many
 * sign-ins are refused from all addresses together, only addresses from which a client has signed in are admitted.
 */
import type { Audit, RequestContext } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { RequestLimits } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import { createFailedSignIns } from './failed-sign-ins.ts';
import type { Refusals } from './refusals.ts';

export interface UnauthenticatedCallers {
  /**
   * Counts a request. Rejects with `rate_limited` if the address has too many requests or failures, and with
   * `server_busy` if too many sign-ins fail everywhere.
   */
  admit(context: RequestContext): Promise<void>;
  /** Counts a failed sign-in of this address. */
  recordFailure(context: RequestContext): Promise<void>;
  /** A client has signed in from this address. */
  recordSuccess(context: RequestContext): void;
}

export interface UnauthenticatedCallersOptions {
  readonly limits: Pick<RequestLimits, 'countAddress'>;
  readonly audit: Audit;
  readonly now: Now;
  /** Number of failed sign-ins that an address may have per minute. */
  readonly failedSignIns: number;
  readonly refusals: Refusals;
}

export function createUnauthenticatedCallers({
  limits,
  audit,
  now,
  failedSignIns,
  refusals,
}: UnauthenticatedCallersOptions): UnauthenticatedCallers {
  const failures = createFailedSignIns(failedSignIns, now);
  return {
    async admit(context) {
      const retryAfter = failures.wait(context.source_ip);
      if (retryAfter > 0) {
        audit.count({ event: 'sign_in.rate_limited', outcome: 'refused', actor: 'unknown', ...context });
        throw new SojournError('rate_limited', { retryAfter });
      }
      refusals.admit(context);
      await limits.countAddress(context);
    },
    recordSuccess: refusals.recordSuccess,
    async recordFailure(context) {
      refusals.recordRefusal();
      if (!failures.record(context.source_ip)) return;
      await audit.record({ event: 'sign_in.rate_limited', outcome: 'refused', actor: 'unknown', ...context });
    },
  };
}
