/** Networks from which a client has signed in lately. They are served first under a flood; they gain nothing else. */
import type { RequestContext } from '../audit/index.ts';
import { createBoundedMap } from '../cache/index.ts';
import type { Now } from '../time/index.ts';
import { networkOf } from './buckets.ts';

export interface KnownAddresses {
  /** A caller has been let in from this address. */
  add(context: Pick<RequestContext, 'source_ip'>): void;
  has(address: string): boolean;
}

/** About 2 MB. */
const maxNetworks = 10_000;
/** A scheduled job that runs once a day stays known. */
const knownMs = 25 * 3_600_000;

export function createKnownAddresses(now: Now): KnownAddresses {
  const lastSignIns = createBoundedMap<{ readonly at: number }>(maxNetworks);
  return {
    add: ({ source_ip }) => void lastSignIns.set(networkOf(source_ip), { at: now() }),
    has(address) {
      const last = lastSignIns.peek(networkOf(address));
      return last !== undefined && now() - last.at < knownMs;
    },
  };
}
