/**
 * Rate limits: by network address before the server reads the request, and by client or invitation after it has
 * authenticated the caller. An unauthenticated caller cannot use up a client's limit, because a claimed client id is not counted.
 */
import type { Audit, AuditEntry, RequestContext } from '../audit/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Now } from '../time/index.ts';
import { createBuckets, networkOf } from './buckets.ts';

/** All reject with `rate_limited`. */
export interface RequestLimits {
  countAddress(context: RequestContext): Promise<void>;
  countClient(context: RequestContext, client: string): Promise<void>;
  countInvitation(context: RequestContext, invitation: string): Promise<void>;
  /** A change by a customer, through any link to the connection. */
  countChange(context: RequestContext, connection: string): Promise<void>;
}

/** Capacity of a bucket in seconds of its rate: scheduled jobs start on the full minute and request everything at once. */
const burstSeconds = 5;
/** More than a customer needs. Each change is an audit line, and mostly an event for the webhooks, which is kept for 30 days. */
const changeRate = { size: 20, perSecond: 1 / 10 };
/** At most one audit line per minute and key, so that a flood of requests does not flood the audit log. Of addresses, further refusals are counted. */
const auditRate = { size: 1, perSecond: 1 / 60 };

export function createRequestLimits(options: {
  audit: Audit;
  now: Now;
  /** Requests per second of one address, one client and one invitation. */
  perAddress: number;
  perClient: number;
  perInvitation: number;
}): RequestLimits {
  const { audit, now, perAddress, perClient, perInvitation } = options;
  const auditBuckets = createBuckets(auditRate, now);

  /** Counts by the key, or by address without one. `reason` names the limit in the audit log. */
  const counter = (
    rate: { size: number; perSecond: number },
    reason: string,
    actorOf: (key: string) => Pick<AuditEntry, 'actor' | 'client' | 'connection'>,
  ) => {
    const buckets = createBuckets(rate, now);
    return async ({ source_ip, request_id }: RequestContext, key = networkOf(source_ip)): Promise<void> => {
      const retryAfter = buckets.retryAfter(key);
      if (retryAfter === 0) {
        buckets.consume(key);
        return;
      }
      const entry: AuditEntry = {
        event: 'request.rate_limited',
        outcome: 'refused',
        ...actorOf(key),
        source_ip,
        request_id,
        reason,
      };
      if (auditBuckets.retryAfter(key) === 0) {
        auditBuckets.consume(key);
        await audit.record(entry);
      } else if (entry.actor === 'unknown') audit.count(entry);
      throw new SojournError('rate_limited', { retryAfter });
    };
  };

  const withBurst = (perSecond: number) => ({ size: perSecond * burstSeconds, perSecond });
  return {
    countAddress: counter(withBurst(perAddress), 'limits.requests_per_address', () => ({ actor: 'unknown' })),
    countClient: counter(withBurst(perClient), 'limits.requests_per_client', (client) => ({
      actor: client,
      client,
    })),
    countInvitation: counter(withBurst(perInvitation), 'limits.requests_per_invitation', () => ({
      actor: 'customer',
    })),
    countChange: counter(changeRate, 'changes of one connection', (connection) => ({
      actor: 'customer',
      connection,
    })),
  };
}
