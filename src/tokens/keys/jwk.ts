/** The public key in the form in which the JWKS lists it. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { PublicJwk } from './ring.ts';

/**
 * The public JWK with only the required members. Its kid is the thumbprint (RFC 7638), so that a kid never names two keys.
 */
export async function publicJwk(key: KeyObject, alg: Algorithm): Promise<PublicJwk> {
  // Only the public key is exported: an exported private key would stay in memory as a string that cannot be wiped.
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { kty, n, e, crv, x, y } = publicKey.export({ format: 'jwk' });
  if (alg === 'RS256' && kty === 'RSA' && n && e) {
    const kid = await calculateJwkThumbprint({ kty, n, e });
    return { kty: 'RSA', use: 'sig', alg, kid, n, e };
  }
  if (alg === 'ES256' && kty === 'EC' && crv === 'P-256' && x && y) {
    const kid = await calculateJwkThumbprint({ kty, crv, x, y });
    return { kty: 'EC', use: 'sig', alg, kid, crv: 'P-256', x, y };
  }
  throw new SojournError('key_material_unusable', { detail: `A key cannot be used for ${alg}.` });
}
