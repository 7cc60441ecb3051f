/** Token buckets by key. */
import { isIP } from 'node:net';
import { createBoundedMap } from '../cache/index.ts';
import type { Now } from '../time/index.ts';

export interface Buckets {
  /** Whole seconds until the key's bucket has a token; 0 if it has one now. */
  retryAfter(key: string): number;
  /** Takes a token from the key's bucket; returns true if the bucket is empty afterwards. */
  consume(key: string): boolean;
}

interface Bucket {
  readonly tokens: number;
  /** The time at which `tokens` was computed, in milliseconds since the epoch. */
  readonly updatedAt: number;
}

/**
 * About 10 MB. With more keys, the oldest buckets are dropped; a dropped key starts again with a full bucket.
 */
const maxKeys = 50_000;

/** `size` is the capacity of a bucket, `perSecond` its refill rate. */
export function createBuckets({ size, perSecond }: { size: number; perSecond: number }, now: Now): Buckets {
  const buckets = createBoundedMap<Bucket>(maxKeys);

  const tokensOf = (key: string): number => {
    // Not a use: a caller that is only refused must not keep its bucket in memory.
    const bucket = buckets.peek(key);
    if (!bucket) return size;
    // If the clock was set back, the bucket neither gains nor loses tokens.
    const seconds = Math.max(0, now() - bucket.updatedAt) / 1000;
    return Math.min(size, bucket.tokens + seconds * perSecond);
  };

  return {
    retryAfter(key) {
      const tokens = tokensOf(key);
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perSecond);
    },
    consume(key) {
      const tokens = tokensOf(key) - 1;
      buckets.set(key, { tokens, updatedAt: now() });
      return tokens < 1;
    },
  };
}

/**
 * The key for an address: an IPv4 address itself, or the /64 of an IPv6 address, because one site controls at least a /64
 * (RFC 6177). An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), in any spelling, counts as its IPv4 address.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  // The URL parser gives the canonical spelling; the zone only matters on this machine.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const canonical = hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(canonical) ?? [];
  if (high !== undefined && low !== undefined) return [high, low].flatMap(bytesOf).join('.');
  const [head = '', tail] = canonical.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const filled = tail === undefined ? [] : Array(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...filled, ...groups(tail ?? '')].slice(0, 4).join(':');
}

/** The text of the address's IPv4 /24 or IPv6 /48. */
export function subnetOf(address: string): string {
  const network = networkOf(address);
  if (isIP(network) === 4) return network.replace(/\d+$/, '0/24');
  if (isIP(address) !== 6) return address;
  const { hostname } = new URL(`http://[${network.split(':').slice(0, 3).join(':')}::]`);
  return `${hostname.slice(1, -1)}/48`;
}

const bytesOf = (group: string): number[] => {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
};
