/** Converts signatures to the JWS form and verifies them. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { KeyRecord, PublicJwk } from '../ring.ts';

/** From ECDSA-Sig-Value (RFC 3279 section 2.2.3, DER) to r||s (RFC 7518 section 3.4); undefined if it is malformed. */
export function rawSignature(der: Uint8Array): Uint8Array | undefined {
  const [tag, length, ...body] = der;
  if (tag !== 0x30 || length !== body.length) return undefined;
  const r = integerAt(body, 0);
  const s = r && integerAt(body, r.end);
  return r && s && s.end === body.length ? Uint8Array.from([...r.bytes, ...s.bytes]) : undefined;
}

/** A positive INTEGER of at most 32 bytes, left-padded to 32. */
function integerAt(body: readonly number[], at: number): { bytes: number[]; end: number } | undefined {
  const [tag, length = 0] = body.slice(at, at + 2);
  const end = at + 2 + length;
  const bytes = body.slice(at + 2, end);
  if (tag !== 0x02 || length < 1 || bytes.length !== length || bytes[0]! > 0x7f) return undefined;
  // DER prepends a zero byte if the first bit is set, so that the number is not negative.
  const plain = bytes[0] === 0 ? bytes.slice(1) : bytes;
  if (plain.length > 32) return undefined;
  return { bytes: [...Array.from({ length: 32 - plain.length }, () => 0), ...plain], end };
}

/** Verifies signatures locally. Caches the imported public keys by kid. */
export class Verifier {
  readonly #keys = new Map<string, KeyObject>();

  verifies(
    { kid, alg, jwk }: Pick<KeyRecord, 'kid' | 'alg' | 'jwk'>,
    data: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    const key = this.#keys.get(kid) ?? open(jwk);
    this.#keys.set(kid, key);
    if (alg === 'RS256') return verify('sha256', data, key, signature);
    return signature.length === 64 && verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  }
}

const open = (jwk: PublicJwk): KeyObject => createPublicKey({ key: { ...jwk }, format: 'jwk' });
