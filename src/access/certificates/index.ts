/**
 * Client certificates (RFC 8705). Owns: reading a certificate from a proxy's header or a client's registration, and
 * comparing the name in a presented certificate with the registered name.
 * Does not own: requesting certificates and verifying chains (listener or proxy), or finding the client (issuer).
 */
import type { X509Certificate } from 'node:crypto';

export { certificateInHeader } from './header.ts';
export { canonicalName, matchesName, type NameType, nameTypes } from './names.ts';
export { certificateInPem, certificatesInPem, describeCertificate, readDer, thumbprintOf } from './read.ts';
export { parseName } from './rfc4514.ts';

/** The client certificate of a request. */
export interface Presented {
  /** TLS (of the server or the proxy) has proven that the caller has its private key. */
  readonly certificate?: X509Certificate;
  /** Why the chain is not trusted, or why there is no certificate. */
  readonly fault?: string;
}
