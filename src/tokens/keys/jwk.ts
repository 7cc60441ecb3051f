/** A key's public half in the form in which it is published. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { PublicJwk } from './ring.ts';

/** The bare public JWK, its kid the thumbprint (RFC 7638), so that a kid can never name two keys. */
export async function publicJwk(key: KeyObject, alg: Algorithm): Promise<PublicJwk> {
  // Of the public half: the other one would stay in memory as text, which nobody can wipe.
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const { kty, n, e, crv, x, y } = half.export({ format: 'jwk' });
  if (alg === 'RS256' && kty === 'RSA' && n && e) {
    const kid = await calculateJwkThumbprint({ kty, n, e });
    return { kty: 'RSA', use: 'sig', alg, kid, n, e };
  }
  if (alg === 'ES256' && kty === 'EC' && crv === 'P-256' && x && y) {
    const kid = await calculateJwkThumbprint({ kty, crv, x, y });
    return { kty: 'EC', use: 'sig', alg, kid, crv: 'P-256', x, y };
  }
  throw new SojournError('key_material_unusable', { detail: `A key is not fit for ${alg}.` });
}
