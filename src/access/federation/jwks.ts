/** Selects keys of a remote JWKS: the usable ones, and the one that a token names. */
import { createPublicKey } from 'node:crypto';
import { refused } from './refusal.ts';
import type { ParsedToken } from './token.ts';

/** The key material of a JWK; other members, such as URLs and certificates, are dropped. */
export type RemoteKey = {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
};

/** Members of private and symmetric keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
export const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const rsaBits = 2048;
const maxKeys = 100;

/** The keys that can verify a token. Skips other keys of a JWKS: encryption keys, X.509 authorities, unknown types. */
export function usableKeys(document: unknown, use: 'sig' | 'jwt-svid'): readonly RemoteKey[] {
  const keys = (document as { keys?: unknown } | null)?.keys;
  return Array.isArray(keys) ? keys.slice(0, maxKeys).flatMap((jwk) => usable(jwk, use) ?? []) : [];
}

function usable(jwk: unknown, wanted: 'sig' | 'jwt-svid'): RemoteKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, kid, alg, use, crv, n, e, x, y } = jwk as Record<string, unknown>;
  // A trust bundle also contains X.509 authorities; only `use` distinguishes them (SPIFFE Trust Domain and Bundle section 4.2.2).
  if (wanted === 'jwt-svid' ? use !== 'jwt-svid' : use !== undefined && use !== 'sig') return undefined;
  const members = { kty, kid, alg, use, crv, n, e, x, y };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  if (!given.every(([, value]) => typeof value === 'string')) return undefined;
  try {
    const key = createPublicKey({ key: Object.fromEntries(given) as never, format: 'jwk' });
    const details = key.asymmetricKeyDetails;
    const fit =
      (key.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= rsaBits) ||
      (key.asymmetricKeyType === 'ec' && /^(prime256v1|secp384r1)$/.test(details?.namedCurve ?? '')) ||
      key.asymmetricKeyType === 'ed25519';
    return fit ? (Object.fromEntries(given) as unknown as RemoteKey) : undefined;
  } catch {
    return undefined;
  }
}

/** The key that the token names; undefined if there is none. Throws `invalid_client` if it is ambiguous or has another alg. */
export function keyFor({ header }: ParsedToken, keys: readonly RemoteKey[]): RemoteKey | undefined {
  const named = header.kid === undefined ? keys : keys.filter(({ kid }) => kid === header.kid);
  if (named.length > 1) throw refused('more than one key of the issuer could have signed');
  const [key] = named;
  if (key && !signs(key, header.alg)) throw refused('the alg is not that of the key');
  return key;
}

/** A key is for one family of algorithms, whatever the token says (RFC 8725 section 3.1). */
function signs({ kty, crv, alg: only }: RemoteKey, alg: string): boolean {
  // RFC 9864 renamed EdDSA on this curve to Ed25519.
  if (kty === 'OKP') return ['EdDSA', 'Ed25519'].includes(alg);
  if (only !== undefined && only !== alg) return false;
  return kty === 'RSA'
    ? ['RS', 'PS'].includes(alg.slice(0, 2))
    : alg === (crv === 'P-256' ? 'ES256' : 'ES384');
}
