/**
 * Requests at /token and /v1, counted twice: by network address before anything is read, and by client once it has proven
 * itself. No stranger can use up what a client has, since naming a client counts for nothing.
 */
import type { Audit, RequestContext } from '../audit/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Now } from '../time/index.ts';
import { createBuckets, networkOf } from './buckets.ts';

/** Both reject with `rate_limited`. */
export interface RequestLimits {
  countAddress(context: RequestContext): Promise<void>;
  countClient(client: string, context: RequestContext): Promise<void>;
}

/** Jobs begin on the full minute and fetch what they need at once: a bucket holds so many seconds' worth. */
const burstSeconds = 5;
/** A flood is one line in the audit in this time, and not as many lines as it has requests. */
const toldEvery = { size: 1, perSecond: 1 / 60 };

export function createRequestLimits(options: {
  audit: Audit;
  now: Now;
  /** Requests in a second, of one address and of one client. */
  perAddress: number;
  perClient: number;
}): RequestLimits {
  const { audit, now, perAddress, perClient } = options;
  const bucketsOf = (perSecond: number) => createBuckets({ size: perSecond * burstSeconds, perSecond }, now);
  const addresses = bucketsOf(perAddress);
  const clients = bucketsOf(perClient);
  const told = createBuckets(toldEvery, now);

  async function count(
    buckets: typeof clients,
    key: string,
    about: { actor: string; client?: string; reason: string } & RequestContext,
  ): Promise<void> {
    const retryAfter = buckets.wait(key);
    if (retryAfter === 0) {
      buckets.take(key);
      return;
    }
    if (told.wait(key) === 0) {
      told.take(key);
      await audit.record({ event: 'request.rate_limited', outcome: 'refused', ...about });
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
  };
}
