/**
 * Brute force at /token: who fails too often has to wait, and nobody else. What counts is the network address and never
 * the client that was named, or a stranger could lock a client out from anywhere.
 */
import { isIP } from 'node:net';
import type { Now } from '../../time/index.ts';

export interface FailedLogins {
  /** Whole seconds that this address has to wait; 0 when it may try. */
  wait(address: string): number;
  /** True for the failure that used up what the address has: worth one line in the audit. */
  failed(address: string): boolean;
}

interface Account {
  /** Failures that are left. */
  readonly left: number;
  /** When that was so, in milliseconds. */
  readonly at: number;
}

/** An attacker with more addresses than this makes the oldest ones forgotten, and each is a fresh start of one minute's worth. */
const maxAddresses = 50_000;

/** A bucket for each address: it holds a minute's worth of failures and fills again within a minute. */
export function createFailedLogins(perMinute: number, now: Now): FailedLogins {
  const accounts = new Map<string, Account>();

  const leftAt = (address: string): number => {
    const account = accounts.get(address);
    if (!account) return perMinute;
    // A clock that was set back gives nothing and takes nothing.
    const minutes = Math.max(0, now() - account.at) / 60_000;
    return Math.min(perMinute, account.left + minutes * perMinute);
  };

  return {
    wait(address) {
      const left = leftAt(networkOf(address));
      return left >= 1 ? 0 : Math.ceil(((1 - left) * 60) / perMinute);
    },
    failed(address) {
      const network = networkOf(address);
      const left = leftAt(network) - 1;
      accounts.delete(network);
      accounts.set(network, { left, at: now() });
      for (const oldest of accounts.keys()) {
        if (accounts.size <= maxAddresses) break;
        accounts.delete(oldest);
      }
      return left < 1;
    },
  };
}

/** Who has one IPv6 address has its whole /64 (RFC 6177). */
function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = address.includes('::')
    ? [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)]
    : groups(head);
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
