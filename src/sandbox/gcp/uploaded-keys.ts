/** A key set that the customer uploads instead of having Google fetch it (clouds.md 3.1). */
import { isRecord } from './input.ts';

const members = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv'];
const maximum = 8;

/** Undefined if the text is not a key set: Google accepts it without an error, and every exchange fails. */
export function uploadedKeys(jwksJson: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  try {
    const set: unknown = JSON.parse(jwksJson);
    return isRecord(set) && Array.isArray(set.keys) && set.keys.every(isRecord) ? set.keys : undefined;
  } catch {
    return undefined;
  }
}

export function uploadFault(jwksJson: string): string | undefined {
  const keys = uploadedKeys(jwksJson);
  if (!keys) return undefined;
  if (keys.length > maximum) return `Invalid JWKs. The number of keys cannot exceed ${maximum}.`;
  for (const key of keys) {
    // Documented for x5c and x5t; in one measurement a garbage x5c was accepted.
    if (Object.keys(key).some((name) => !members.includes(name)))
      return 'Input JWK is not in a valid json format';
    if (key.kty === 'OKP') return 'Input jwks contains corrupted key material.';
    if (key.kty !== 'RSA' && !(key.kty === 'EC' && key.crv === 'P-256'))
      return 'Invalid JWKs. Only RSA, EC key types are supported.';
  }
  return undefined;
}
