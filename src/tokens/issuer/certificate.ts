/** Clients that prove themselves by a certificate (RFC 8705 section 2): what oidc-provider asks about the one that came. */
import type { X509Certificate } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { matchesName, type NameType, thumbprintOf } from '../../access/certificates/index.ts';
import { refused, safeText } from '../../access/federation/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Progress } from './token-request.ts';

export interface CertificateOptions {
  readonly progressOf: (ctx: KoaContextWithOIDC) => Progress;
  readonly now: Now;
}

/**
 * `features.mTLS`. Tokens are not bound to the certificate: the clouds, whom they are for, do not look at `cnf`. Each hook
 * refuses by itself, since only so the reason gets into the audit.
 */
export function certificateFeature({ progressOf, now }: CertificateOptions) {
  return {
    enabled: true,
    certificateBoundAccessTokens: false,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: true,

    getCertificate(ctx: KoaContextWithOIDC): X509Certificate {
      const progress = progressOf(ctx);
      const { certificate, fault } = progress.request.certificate();
      if (!certificate) throw refused(`there is no client certificate: ${fault}`);
      progress.facts = {
        auth: 'tls',
        certificate: thumbprintOf(certificate),
        subject: textOf(certificate.subject),
        expires_at: certificate.validToDate.toISOString(),
        // A registered one opens the door all the same (section 2.2): it is known by itself, not by who vouches for it.
        ...(isOver(certificate, now) ? { expired: true } : {}),
      };
      return certificate;
    },

    certificateAuthorized(ctx: KoaContextWithOIDC): boolean {
      const { certificate, fault } = progressOf(ctx).request.certificate();
      if (fault !== undefined) throw refused(`the certificate is not trusted: ${fault}`);
      // A proxy, or a connection that has lasted, may have judged it some time ago.
      if (!certificate || isOver(certificate, now)) throw refused('the certificate has expired');
      if (now() < certificate.validFromDate.getTime()) throw refused('the certificate is not valid yet');
      return true;
    },

    certificateSubjectMatches(ctx: KoaContextWithOIDC, property: string, expected: string): boolean {
      const { certificate } = progressOf(ctx).request.certificate();
      const type = property.replace('tls_client_auth_', '') as NameType;
      if (certificate && matchesName(certificate, type, expected)) return true;
      const names = [certificate?.subject, certificate?.subjectAltName].map(textOf).join(' with ');
      throw refused(`the certificate is for ${names} and not for the ${type} ${safeText(expected)}`);
    },
  };
}

/** Node's text of it, undefined where there is none: for people to read, and never compared. */
const textOf = (names: string | undefined): string =>
  names === undefined ? 'nothing' : safeText(names.replaceAll('\n', ', ')).replaceAll(/^"|"$/g, '');

const isOver = ({ validToDate }: X509Certificate, now: Now): boolean => validToDate.getTime() <= now();
