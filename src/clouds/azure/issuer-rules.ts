/** The rules of Azure for an issuer. docs/verification.md quotes the documentation for each. */
import type { Diagnosis } from '../contract/index.ts';

export const issuerRules: Diagnosis['issuerRules'] = {
  named_key: 'Add one, such as the RFC 7638 thumbprint: Azure looks for the key by it.',
  rs256_listed: 'Sign tokens for Azure with RS256.',
  rsa_key: 'Publish one: Azure accepts RS256 only.',
  rsa_or_p256: 'Use RSA with 2048 bits, or P-256.',
};
