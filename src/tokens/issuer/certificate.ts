/** Clients that authenticate with a certificate (RFC 8705 section 2): the functions that oidc-provider calls. */
import type { X509Certificate } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { matchesName, type NameType, thumbprintOf } from '../../access/certificates/index.ts';
import { refused, safeText } from '../../access/federation/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { currentProgress } from './token-request.ts';

/**
 * `features.mTLS`. Tokens are not bound to the certificate: clouds ignore `cnf`. Each function throws instead of returning
 * false, so that the reason is in the audit.
 */
export function certificateFeature(now: Now) {
  return {
    enabled: true,
    certificateBoundAccessTokens: false,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: true,

    getCertificate(): X509Certificate {
      const progress = currentProgress.getStore()!;
      const { certificate, fault } = progress.request.certificate();
      if (!certificate) throw refused(`no client certificate: ${fault}`);
      progress.facts = {
        auth: 'tls',
        certificate: thumbprintOf(certificate),
        subject: textOf(certificate.subject),
        expires_at: certificate.validToDate.toISOString(),
        // A registered certificate is accepted after it has expired (section 2.2): the client is known by its key.
        ...(hasExpired(certificate, now) ? { expired: true } : {}),
      };
      return certificate;
    },

    certificateAuthorized(): boolean {
      const { certificate, fault } = currentProgress.getStore()!.request.certificate();
      if (fault !== undefined) throw refused(`the certificate is not trusted: ${fault}`);
      // A proxy, or the handshake of a long connection, may have verified it some time ago.
      if (!certificate || hasExpired(certificate, now)) throw refused('the certificate has expired');
      if (now() < certificate.validFromDate.getTime()) throw refused('the certificate is not valid yet');
      return true;
    },

    certificateSubjectMatches(_: KoaContextWithOIDC, property: string, expected: string): boolean {
      const { certificate } = currentProgress.getStore()!.request.certificate();
      const type = property.replace('tls_client_auth_', '') as NameType;
      if (certificate && matchesName(certificate, type, expected)) return true;
      const names = [certificate?.subject, certificate?.subjectAltName].map(textOf).join(' with ');
      throw refused(`the certificate is for ${names}, not for the ${type} ${safeText(expected)}`);
    },
  };
}

/** For people to read; never compared. */
const textOf = (names: string | undefined): string =>
  names === undefined ? 'nothing' : safeText(names.replaceAll('\n', ', ')).replaceAll(/^"|"$/g, '');

const hasExpired = ({ validToDate }: X509Certificate, now: Now): boolean => validToDate.getTime() <= now();
