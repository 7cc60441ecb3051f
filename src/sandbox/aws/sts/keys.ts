/** How STS selects the issuer's key: JWK semantics of clouds.md 1.2, recorded on 2026-09-11. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Fetched } from '../../contract.ts';
import type { Document, IssuerCache, IssuerDocuments } from '../../issuer-cache.ts';
import { type Jws, publicKeyOf, verifyJws } from '../../jws.ts';
import { invalidToken, notValidated } from './claims.ts';

const maxKeysOfAType = 100;

const requiredLists = [
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
];

interface UsableKey {
  readonly key: KeyObject;
  /** AWS refuses every signature of a key with `key_ops`, regardless of its value. */
  readonly isUnusable: boolean;
}

/** Throws InvalidIdentityToken unless a published key signed the token. */
export async function verifySignature(jws: Jws, issuer: string, issuers: IssuerCache): Promise<void> {
  const { kid } = jws.header;
  const selected =
    select(await issuers.read(issuer), kid) ?? select(await issuers.read(issuer, { refetch: true }), kid);
  if (!selected) throw noKey();
  if (selected.isUnusable || !verifyJws(jws, selected.key)) throw notValidated();
}

/** By kid. A token without a kid is verified if there is only one key. */
function select(fetched: Fetched<IssuerDocuments>, kid: unknown): UsableKey | undefined {
  if (!fetched.ok || !requiredLists.every((name) => Array.isArray(fetched.value.discovery[name])))
    throw noKey();
  const keys = usableKeys(fetched.value.keys);
  if (typeof kid === 'string' && kid !== '') return keys.get(kid);
  const [only, ...others] = keys.values();
  return others.length === 0 ? only : undefined;
}

/** By kid; of several keys with the same kid, the last one counts. */
function usableKeys(jwks: readonly Document[]): Map<string, UsableKey> {
  const usable = new Map<string, UsableKey>();
  for (const jwk of jwks) {
    const { kid, use = 'sig', kty } = jwk;
    const exceedsLimit = jwks.filter((other) => other.kty === kty).length > maxKeysOfAType;
    const key = publicKeyOf(jwk);
    if (typeof kid !== 'string' || kid === '' || use !== 'sig' || exceedsLimit || !key) continue;
    if (jwk.x5c !== undefined && !isKeyOfCertificate(key, jwk.x5c)) continue;
    usable.set(kid, { key, isUnusable: 'key_ops' in jwk });
  }
  return usable;
}

function isKeyOfCertificate(key: KeyObject, chain: unknown): boolean {
  const [leaf]: unknown[] = [chain].flat();
  if (typeof leaf !== 'string') return false;
  try {
    return new X509Certificate(Buffer.from(leaf, 'base64')).publicKey.equals(key);
  } catch {
    return false;
  }
}

/** The double space is part of the AWS text. */
const noKey = (): Error =>
  invalidToken(
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  );
