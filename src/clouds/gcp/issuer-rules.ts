/** The rules of Google Cloud for an issuer. docs/verification.md quotes the documentation for each. */
import type { Diagnosis } from '../contract/index.ts';

export const issuerRules: Diagnosis['issuerRules'] = {
  named_key: 'Add one, such as the RFC 7638 thumbprint: Google requires it.',
  at_most_8_keys: 'Remove old keys: a JWKS uploaded to Google Cloud can have 8.',
  no_certificates: 'Remove them: Google rejects an uploaded JWKS that contains them.',
  use_and_alg: 'Add both.',
  rsa_or_p256: 'Use RSA with 2048 bits, or P-256.',
};
