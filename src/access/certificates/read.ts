/** Parses certificates from text strictly. */
import { createHash, X509Certificate } from 'node:crypto';

const block = /-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----/g;

/** All certificates of a bundle, ignoring text between them; undefined if one cannot be parsed. */
export function certificatesInPem(text: string): readonly X509Certificate[] | undefined {
  const found = [...text.matchAll(block)].map(([, base64 = '']) => readDer(base64.replaceAll(/\s/g, '')));
  const good = found.filter((one) => one !== undefined);
  return good.length === found.length && text.split('-----BEGIN ').length - 1 === good.length
    ? good
    : undefined;
}

/** The certificate, if the text is exactly one certificate. */
export function certificateInPem(text: string): X509Certificate | undefined {
  const found = certificatesInPem(text);
  return found?.length === 1 && text.replace(block, '').trim() === '' ? found[0] : undefined;
}

/** A certificate in base64 (RFC 4648 section 4) without trailing bytes. */
export function readDer(base64: string): X509Certificate | undefined {
  const der = Buffer.from(base64, 'base64');
  if (base64 === '' || der.toString('base64') !== base64) return undefined;
  try {
    const certificate = new X509Certificate(der);
    return certificate.raw.equals(der) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** Details of a registered certificate for administrators. */
export function describeCertificate(pem: string) {
  const certificate = certificateInPem(pem);
  if (!certificate) return undefined;
  return {
    sha256: thumbprintOf(certificate),
    // Despite its type, it is undefined if the subject is empty.
    subject: (certificate.subject ?? '').replaceAll('\n', ', '),
    expires_at: certificate.validToDate.toISOString(),
  };
}

/** `x5t#S256` (RFC 7515 section 4.1.8). */
export const thumbprintOf = ({ raw }: X509Certificate): string =>
  createHash('sha256').update(raw).digest('base64url');
