/** Token buckets by key: each holds so much, and fills again in time. */
import { isIP } from 'node:net';
import type { Now } from '../time/index.ts';

export interface Buckets {
  /** Whole seconds until there is something in the bucket of this key; 0 when there is. */
  wait(key: string): number;
  /** Takes one out of it; true when there is nothing left now. */
  take(key: string): boolean;
}

interface Account {
  readonly left: number;
  /** When that was so, in milliseconds. */
  readonly at: number;
}

/**
 * Some 10 MB. Whoever has more keys than this makes the oldest ones forgotten, and each of those is a fresh start of one
 * bucket's worth.
 */
const maxKeys = 50_000;

/** `size` is what a bucket holds, `perSecond` what runs into it. */
export function createBuckets({ size, perSecond }: { size: number; perSecond: number }, now: Now): Buckets {
  const accounts = new Map<string, Account>();

  const leftOf = (key: string): number => {
    const account = accounts.get(key);
    if (!account) return size;
    // A clock that was set back gives nothing and takes nothing.
    const seconds = Math.max(0, now() - account.at) / 1000;
    return Math.min(size, account.left + seconds * perSecond);
  };

  return {
    wait(key) {
      const left = leftOf(key);
      return left >= 1 ? 0 : Math.ceil((1 - left) / perSecond);
    },
    take(key) {
      const left = leftOf(key) - 1;
      accounts.delete(key);
      accounts.set(key, { left, at: now() });
      for (const oldest of accounts.keys()) {
        if (accounts.size <= maxKeys) break;
        accounts.delete(oldest);
      }
      return left < 1;
    },
  };
}

/**
 * What an address counts as: itself, and for IPv6 its /64, since who has one such address has all of those (RFC 6177). An
 * IPv4 address inside an IPv6 one (RFC 4291 section 2.5.5.2) is the IPv4 address, however it is written.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  // The one spelling that the URL standard gives an address; a zone is this machine's own affair.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const canonical = hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(canonical) ?? [];
  if (high !== undefined && low !== undefined) return [high, low].flatMap(bytesOf).join('.');
  const [head = '', tail] = canonical.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const filled = tail === undefined ? [] : Array(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...filled, ...groups(tail ?? '')].slice(0, 4).join(':');
}

const bytesOf = (group: string): number[] => {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
};
