/** Reads the client certificate from a proxy's header: RFC 9440, or URL-encoded PEM. */
import type { X509Certificate } from 'node:crypto';
import { certificateInPem, readDer } from './read.ts';

/** Undefined unless the value is exactly one certificate. */
export function certificateInHeader(value: string): X509Certificate | undefined {
  const [, bytes] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value) ?? [];
  if (bytes !== undefined) return readDer(bytes);
  try {
    return certificateInPem(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}
