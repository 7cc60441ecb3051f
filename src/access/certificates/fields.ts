/** Locates the names in a certificate (RFC 5280 sections 4.1 and 4.2.1.6). */
import type { X509Certificate } from 'node:crypto';
import { type Element, elementsIn, oidOf } from './der.ts';

const version = 0xa0;
const extensions = 0xa3;
const subjectAltName = '2.5.29.17';

/** The parts of the TBSCertificate from the serial number on. */
function partsOf({ raw }: X509Certificate): readonly Element[] {
  const [tbs] = elementsIn(elementsIn(raw)[0]!.content);
  const parts = elementsIn(tbs!.content);
  return parts[0]?.tag === version ? parts.slice(1) : parts;
}

/** The subject, a Name. */
export const subjectOf = (certificate: X509Certificate): Element => partsOf(certificate)[4]!;

/** The GeneralNames of the subjectAltName extension; empty if it is missing. */
export function alternativeNamesOf(certificate: X509Certificate): readonly Element[] {
  const found = partsOf(certificate).find(({ tag }) => tag === extensions);
  for (const extension of found ? elementsIn(elementsIn(found.content)[0]!.content) : []) {
    const members = elementsIn(extension.content);
    if (oidOf(members[0]!.content) !== subjectAltName) continue;
    // The value is the last member, an OCTET STRING; a critical extension has a BOOLEAN before it.
    return elementsIn(elementsIn(members.at(-1)!.content)[0]!.content);
  }
  return [];
}
