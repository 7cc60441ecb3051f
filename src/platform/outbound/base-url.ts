/** Base URLs of endpoints that receive secrets. */
import { isIP } from 'node:net';

/** `localhost` counts, because RFC 6761 section 6.3 requires it to resolve to loopback. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

/** A name in DNS or an address; the URL standard allows quotes and braces too. */
const hostForm = /^(?:[\w.-]+|\[[\da-f:.]+\])$/;

/** The URL without a trailing slash, or its fault. It must be https, or http on loopback. */
export function parseBaseUrl(text: string): { readonly url: string } | { readonly fault: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !hostForm.test(url.hostname)) return { fault: 'must be a URL such as https://host.example' };
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    return { fault: 'must begin with https:// (http only for loopback hosts)' };
  if (url.username || url.password || url.search || url.hash)
    return { fault: 'must not contain a user, a query or a fragment' };
  return { url: url.href.replace(/\/+$/, '') };
}
