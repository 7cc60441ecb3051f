/** The certificate as a proxy hands it on: in the form of RFC 9440, or as PEM that is escaped as in a URL. */
import type { X509Certificate } from 'node:crypto';
import { certificateInPem, readDer } from './read.ts';

/** Undefined for whatever is not exactly one certificate. */
export function certificateInHeader(value: string): X509Certificate | undefined {
  const [, bytes] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value) ?? [];
  if (bytes !== undefined) return readDer(bytes);
  try {
    return certificateInPem(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}
