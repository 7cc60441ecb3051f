/** Strict-Transport-Security (RFC 6797). */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/**
 * For a year, and not for subdomains, which belong to other services. Section 7.2: not over plain HTTP, where a proxy that
 * speaks TLS sends it.
 */
export const hstsOf = ({ socket }: IncomingMessage): Record<string, string> =>
  (socket as Partial<TLSSocket>).encrypted ? { 'strict-transport-security': 'max-age=31536000' } : {};
