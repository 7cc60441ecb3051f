/**
 * Refused secrets, tokens and links from all addresses together. Each costs a lookup and an audit line, and a flood from many
 * addresses stays below every limit of one address. Above a rate, only addresses that have been let in before are admitted.
 */
import type { Audit, RequestContext } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { createBuckets, type KnownAddresses } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';

export interface Refusals {
  /** Throws `server_busy` if too many are refused, unless the address is known. */
  admit(context: RequestContext): void;
  recordRefusal(): void;
  /** A caller has been let in from this address. */
  recordSuccess(context: RequestContext): void;
}

export interface RefusalsOptions {
  /** Per second. */
  readonly refusedSignIns: number;
  readonly knownAddresses: KnownAddresses;
  readonly audit: Pick<Audit, 'count'>;
  readonly now: Now;
}

/** The only key of the bucket. */
const everyone = '';

export function createRefusals({ refusedSignIns, knownAddresses, audit, now }: RefusalsOptions): Refusals {
  const bucket = createBuckets({ size: refusedSignIns, perSecond: refusedSignIns }, now);
  return {
    admit(context) {
      const retryAfter = bucket.retryAfter(everyone);
      if (retryAfter === 0 || knownAddresses.has(context.source_ip)) return;
      const reason = 'limits.refused_sign_ins';
      audit.count({
        event: 'request.rate_limited',
        outcome: 'refused',
        actor: 'unknown',
        reason,
        ...context,
      });
      throw new SojournError('server_busy', { retryAfter });
    },
    recordRefusal: () => void bucket.consume(everyone),
    recordSuccess: ({ source_ip }) => knownAddresses.add(source_ip),
  };
}
