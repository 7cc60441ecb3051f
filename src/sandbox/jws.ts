/** Compact JWS (RFC 7515) as the clouds read it. Shares no code with the server, which it tests. */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';

export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  /** Of duplicate members the last one counts, as in every cloud that was measured. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The signed text of the claims, for checks that depend on how a number is written. */
  readonly claimsText: string;
  readonly signingInput: string;
  readonly signature: Buffer;
}

export type ParsedJws =
  | { readonly ok: true; readonly jws: Jws }
  | { readonly ok: false; readonly reason: string };

/** Parses a token without verifying it: three canonical base64url parts, two of them JSON objects. */
export function parseJws(token: string): ParsedJws {
  const parts = token.split('.');
  if (parts.length !== 3) return { ok: false, reason: 'not three parts' };
  const [header, claims, signature] = parts.map(decodePart);
  if (!header || !claims || !signature) return { ok: false, reason: 'a part is not base64url' };
  const headerObject = parseObject(header.toString());
  if (!headerObject) return { ok: false, reason: 'the header is not a JSON object' };
  const claimsObject = parseObject(claims.toString());
  if (!claimsObject) return { ok: false, reason: 'the claims are not a JSON object' };
  return {
    ok: true,
    jws: {
      header: headerObject,
      claims: claimsObject,
      claimsText: claims.toString(),
      signingInput: `${parts[0]}.${parts[1]}`,
      signature,
    },
  };
}

/** Padding, white space and stray trailing bits decode to the same bytes: only the canonical encoding passes. */
function decodePart(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Scheme {
  readonly hash: string;
  readonly type: 'rsa' | 'ec';
  readonly curve?: string;
}

/** RFC 7518 section 3.1: the algorithms that at least one of the three clouds accepts. */
const schemes = new Map<string, Scheme>([
  ['RS256', { hash: 'sha256', type: 'rsa' }],
  ['RS384', { hash: 'sha384', type: 'rsa' }],
  ['RS512', { hash: 'sha512', type: 'rsa' }],
  ['ES256', { hash: 'sha256', type: 'ec', curve: 'prime256v1' }],
  ['ES384', { hash: 'sha384', type: 'ec', curve: 'secp384r1' }],
  ['ES512', { hash: 'sha512', type: 'ec', curve: 'secp521r1' }],
]);

/** The key of a JWK with kty RSA or EC; undefined if it is invalid. Other members are ignored. */
export function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject | undefined {
  const { kty, n, e, crv, x, y } = jwk;
  const key = (kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y }) as JsonWebKey;
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Whether the key fits the algorithm (RFC 7518 section 3.4 binds each curve to one hash). */
export function keyFits(alg: unknown, key: KeyObject): boolean {
  const scheme = typeof alg === 'string' ? schemes.get(alg) : undefined;
  if (!scheme || key.asymmetricKeyType !== scheme.type) return false;
  return !scheme.curve || key.asymmetricKeyDetails?.namedCurve === scheme.curve;
}

/** Verifies with the algorithm of the header; false if the key does not fit the algorithm. */
export function verifyJws(jws: Jws, key: KeyObject): boolean {
  const { alg } = jws.header;
  const scheme = typeof alg === 'string' ? schemes.get(alg) : undefined;
  if (!scheme || !keyFits(alg, key)) return false;
  return verify(
    scheme.hash,
    Buffer.from(jws.signingInput),
    { key, dsaEncoding: 'ieee-p1363' },
    jws.signature,
  );
}
