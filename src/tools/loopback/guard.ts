/**
 * Who may ask. On loopback every user and every web page of this machine can knock: a page that has rebound its own name to
 * 127.0.0.1 sends that name as Host, a page that fetches across origins sends Origin, a proxy says for whom it speaks; and
 * none of them has the secret, which only its owner can read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type Outsider = 'host' | 'browser' | 'forwarded';

/** What is wrong with where the request comes from, undefined when nothing is; the secret is not looked at. */
export function outsiderTo(
  origin: string,
): (request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) => Outsider | undefined {
  const { port, host } = new URL(origin);
  const hosts = [host, ...['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)];
  return ({ headers, rawHeaders }) => {
    const isOne = rawHeaders.filter((name, index) => index % 2 === 0 && /^host$/i.test(name)).length === 1;
    if (!isOne || !hosts.includes(headers.host ?? '')) return 'host';
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return 'browser';
    if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return 'forwarded';
    return undefined;
  };
}

/** Whether that is the secret; it takes as long for any that is not. */
export function knows(secret: string): (shown: unknown) => boolean {
  const expected = digest(secret);
  return (shown) => typeof shown === 'string' && timingSafeEqual(digest(shown), expected);
}

/** Of one length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
