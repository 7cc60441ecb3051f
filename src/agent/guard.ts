/**
 * Who may ask. The endpoint is on loopback, where every user and every web page of this machine can knock: a page that
 * has rebound its own name to 127.0.0.1 sends that name as Host, a page that fetches across origins sends Origin, a proxy
 * says for whom it speaks; and none of them has the token, which only the owner of the agent's directory can read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type Stranger = 'host' | 'browser' | 'forwarded' | 'token';

/** What is wrong with the request, undefined when it may go on. */
export type Guard = (request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) => Stranger | undefined;

/** @param token what `Authorization` must hold */
export function createGuard(origin: string, token: string): Guard {
  const { port, host } = new URL(origin);
  const hosts = [host, ...['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)];
  const expected = digest(token);
  return ({ headers, rawHeaders }) => {
    const spoken = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const times = (name: string) => spoken.filter((other) => other === name).length;
    if (times('host') !== 1 || !hosts.includes(headers.host ?? '')) return 'host';
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return 'browser';
    if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return 'forwarded';
    // The SDKs of AWS send the bare content of the file, Prometheus sends it as Bearer.
    const given = (headers.authorization ?? '').replace(/^Bearer /i, '');
    return times('authorization') === 1 && timingSafeEqual(digest(given), expected) ? undefined : 'token';
  };
}

/** Of one length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
