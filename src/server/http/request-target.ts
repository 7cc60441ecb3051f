/** Checks the request line and Host before any handler (RFC 9112 section 3.2), so that a path has one spelling. */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/** The host of a Host header without its port, in lower case and without brackets; undefined if the value is invalid. */
export function hostIn(value: string): string | undefined {
  const [, address, name, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(value) ?? [];
  if (Number(port ?? 0) > 65_535 || (address !== undefined && !isIPv6(address))) return undefined;
  return (address ?? name)?.toLowerCase();
}

/** `host_invalid`, or `not_found` for a request target in another form than a path with a query; undefined if it is valid. */
export function faultOfTarget({
  url = '',
  headersDistinct: { host: hosts = [] },
  httpVersion,
}: IncomingMessage): 'host_invalid' | 'not_found' | undefined {
  // HTTP/1.0 has no Host, and some load balancers check the health with it.
  const isAbsent = hosts.length === 0 && httpVersion === '1.0';
  if (!isAbsent && (hosts.length !== 1 || hostIn(hosts[0] ?? '') === undefined)) return 'host_invalid';
  return originForm.test(url) ? undefined : 'not_found';
}

/**
 * RFC 3986 section 3.3, without `http://host/…` and `//host/…`, which name another host. A raw `#` would end the path, and
 * a parser of URLs trims spaces that Node accepts in a request line.
 */
const originForm = /^\/(?!\/)[\w.~!$&'()*+,;=:@%/?-]*$/;
