/**
 * Checks requests to a loopback listener, which every user and every web page of this machine can reach. A page that uses
 * DNS rebinding sends its own name as Host, a cross-origin fetch sends Origin, a proxy sends forwarding headers, and none
 * of them has the secret, which only its owner can read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type OriginViolation = 'host' | 'browser' | 'forwarded';

/** Why the origin of the request is refused, undefined if it is accepted. Does not check the secret. */
export function createOriginCheck(
  origin: string,
): (request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) => OriginViolation | undefined {
  const { port, host } = new URL(origin);
  const hosts = [host, ...['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)];
  return ({ headers, rawHeaders }) => {
    const hostCount = rawHeaders.filter((name, index) => index % 2 === 0 && /^host$/i.test(name)).length;
    if (hostCount !== 1 || !hosts.includes(headers.host ?? '')) return 'host';
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return 'browser';
    if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return 'forwarded';
    return undefined;
  };
}

/** Compares with the secret in constant time. */
export function createSecretMatcher(secret: string): (value: unknown) => boolean {
  const expected = digest(secret);
  return (value) => typeof value === 'string' && timingSafeEqual(digest(value), expected);
}

/** timingSafeEqual requires inputs of equal length. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
