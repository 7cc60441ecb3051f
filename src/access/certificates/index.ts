/**
 * Clients' certificates (RFC 8705). Owns: reading one from a header or a registration, and holding its subject against the
 * one name that a client is registered by. Does not own: asking for it and checking its chain (the listener or the proxy
 * does), or which client it stands for (issuer).
 */
import type { X509Certificate } from 'node:crypto';

export { certificateInHeader } from './header.ts';
export { canonicalName, matchesName, type NameType, nameTypes } from './names.ts';
export { certificateInPem, certificatesInPem, describeCertificate, readDer, thumbprintOf } from './read.ts';
export { parseName } from './rfc4514.ts';

/** What came with a request. */
export interface Presented {
  /** Its backend has its private key: that much TLS has proven, to us or to the proxy. */
  readonly certificate?: X509Certificate;
  /** Why nobody vouches for its chain, or why there is none. */
  readonly fault?: string;
}
