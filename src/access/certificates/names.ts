/** Names in client registrations (RFC 8705 section 2.1.2), and matching them with certificates. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Element } from './der.ts';
import { alternativeNamesOf, subjectOf } from './fields.ts';
import { fitsName, parseName } from './rfc4514.ts';

export const nameTypes = ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'] as const;
export type NameType = (typeof nameTypes)[number];

/** GeneralName's choices (RFC 5280 section 4.2.1.6). */
const tags = { san_email: 0x81, san_dns: 0x82, san_uri: 0x86, san_ip: 0x87 } as const;

/** Whether the certificate has exactly this name; one of several alternative names is enough. Wildcards do not match. */
export function matchesName(certificate: X509Certificate, type: NameType, wanted: string): boolean {
  if (type === 'subject_dn') return fitsName(parseName(wanted), subjectOf(certificate));
  const canonical = canonicalName(type, wanted);
  return alternativeNamesOf(certificate).some(
    (name) => name.tag === tags[type] && canonicalName(type, textOf(type, name)) === canonical,
  );
}

/** Latin-1 maps each byte to one character, so that different names stay different. */
function textOf(type: NameType, { content }: Element): string {
  if (type !== 'san_ip') return content.toString('latin1');
  if (content.length === 4) return content.join('.');
  return content.length === 16 ? content.toString('hex').replaceAll(/(?<=.)(?=(?:.{4})+$)/g, ':') : '';
}

/**
 * The canonical form of a name: hosts are case-insensitive (RFC 4343), the local part of an e-mail address is not (RFC 5321
 * section 2.4), a URI stays unchanged, and an IP address is normalized (RFC 5952).
 */
export function canonicalName(type: NameType, text: string): string {
  if (type === 'san_dns') return text.toLowerCase();
  if (type === 'san_email') {
    const at = text.lastIndexOf('@') + 1;
    return text.slice(0, at) + text.slice(at).toLowerCase();
  }
  return type === 'san_ip' && isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}
