/**
 * Rate limits: by network address before the server reads the request, and by client or invitation after it has
 * authenticated the caller. An unauthenticated caller cannot use up a client's limit, because a claimed client id is not counted.
 */
import type { Audit, RequestContext } from '../audit/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Now } from '../time/index.ts';
import { createBuckets, networkOf } from './buckets.ts';

/** All reject with `rate_limited`. */
export interface RequestLimits {
  countAddress(context: RequestContext): Promise<void>;
  countClient(client: string, context: RequestContext): Promise<void>;
  countInvitation(invitation: string, context: RequestContext): Promise<void>;
}

/** Capacity of a bucket in seconds of its rate: scheduled jobs start on the full minute and request everything at once. */
const burstSeconds = 5;
/** At most one audit line per minute and key, so that a flood of requests does not flood the audit log. */
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
  const bucketsOf = (perSecond: number) => createBuckets({ size: perSecond * burstSeconds, perSecond }, now);
  const addresses = bucketsOf(perAddress);
  const clients = bucketsOf(perClient);
  const invitations = bucketsOf(perInvitation);
  const auditBuckets = createBuckets(auditRate, now);

  async function count(
    buckets: typeof clients,
    key: string,
    auditEntry: { actor: string; client?: string; reason: string } & RequestContext,
  ): Promise<void> {
    const retryAfter = buckets.retryAfter(key);
    if (retryAfter === 0) {
      buckets.consume(key);
      return;
    }
    if (auditBuckets.retryAfter(key) === 0) {
      auditBuckets.consume(key);
      await audit.record({ event: 'request.rate_limited', outcome: 'refused', ...auditEntry });
    }
    throw new SojournError('rate_limited', { retryAfter });
  }

  return {
    countAddress: ({ source_ip, request_id }) =>
      count(addresses, networkOf(source_ip), {
        actor: 'unknown',
        source_ip,
        request_id,
        reason: 'limits.requests_per_address',
      }),
    countClient: (client, { source_ip, request_id }) =>
      count(clients, client, {
        actor: client,
        client,
        source_ip,
        request_id,
        reason: 'limits.requests_per_client',
      }),
    countInvitation: (invitation, { source_ip, request_id }) =>
      count(invitations, invitation, {
        actor: 'customer',
        source_ip,
        request_id,
        reason: 'limits.requests_per_invitation',
      }),
  };
}
