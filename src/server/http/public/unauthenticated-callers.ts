/**
 * Limits for callers that are not authenticated: at /token and /v1, which share their counters, or guesses at one would not
 * count at the other; and at the links of customers. Failures are counted by network address and never by client, or an
 * unauthenticated caller could lock out a client from anywhere. Each failure costs a lookup and an audit line, and a flood
 * from many addresses stays below every limit of one address: above a rate of failures from all addresses, only those from
 * which a caller has been let in before are admitted. Refusals of callers over a limit are counted in the audit.
 */
import type { Audit, RequestContext } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import {
  createBuckets,
  type KnownAddresses,
  networkOf,
  type RequestLimits,
} from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';

export interface UnauthenticatedCallers {
  /**
   * Counts a request. Rejects with `rate_limited` if the address has too many requests or failures, and with
   * `server_busy` if too many callers fail everywhere.
   */
  admit(context: RequestContext): Promise<void>;
  /** Counts a failure of this address. True if it has reached its limit, which is then in the audit once per flood. */
  recordFailure(context: RequestContext): Promise<boolean>;
  /** A caller has been let in from this address. */
  recordSuccess(context: RequestContext): void;
}

export interface UnauthenticatedCallersOptions {
  readonly limits: Pick<RequestLimits, 'countAddress'>;
  readonly audit: Audit;
  readonly now: Now;
  /** Number of failures that an address may have per minute. */
  readonly failedSignIns: number;
  /** Failures per second from all addresses. */
  readonly refusedSignIns: number;
  readonly knownAddresses: KnownAddresses;
}

/** The only key of the bucket for all addresses. */
const everyone = '';
/** Of each line in the audit. */
const refused = { outcome: 'refused', actor: 'unknown' } as const;

export function createUnauthenticatedCallers(options: UnauthenticatedCallersOptions) {
  const { limits, audit, now, failedSignIns, refusedSignIns, knownAddresses } = options;
  const allFailures = createBuckets({ size: refusedSignIns, perSecond: refusedSignIns }, now);

  const callersOf = (event: 'sign_in.rate_limited' | 'invitation.rate_limited'): UnauthenticatedCallers => {
    const failures = createBuckets({ size: failedSignIns, perSecond: failedSignIns / 60 }, now);
    return {
      async admit(context) {
        const retryAfter = failures.retryAfter(networkOf(context.source_ip));
        if (retryAfter > 0) {
          audit.count({ event, ...refused, ...context });
          throw new SojournError('rate_limited', { retryAfter });
        }
        const busyFor = allFailures.retryAfter(everyone);
        if (busyFor > 0 && !knownAddresses.has(context.source_ip)) {
          const reason = 'limits.refused_sign_ins';
          audit.count({ event: 'request.rate_limited', ...refused, reason, ...context });
          throw new SojournError('server_busy', { retryAfter: busyFor });
        }
        await limits.countAddress(context);
      },
      async recordFailure(context) {
        allFailures.consume(everyone);
        if (!failures.consume(networkOf(context.source_ip))) return false;
        await audit.record({ event, ...refused, ...context });
        return true;
      },
      recordSuccess: knownAddresses.add,
    };
  };

  return { signIns: callersOf('sign_in.rate_limited'), links: callersOf('invitation.rate_limited') };
}
