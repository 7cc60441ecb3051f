/** Signing in with a key of the client's own: private_key_jwt (OpenID Connect Core section 9, RFC 7523). */
import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { assertion, type SignIn, textOf, unusable } from './sign-in.ts';

/** In seconds; the server takes 300 at most. */
const life = 60;

export interface PrivateKeyOptions {
  readonly clientId: string;
  /** PEM (PKCS #8, PKCS #1 or SEC 1) or a JWK in JSON: RSA, P-256 or Ed25519. */
  readonly keyFile: string;
  /** Where the client has several keys registered; a JWK's own `kid` otherwise. */
  readonly kid?: string;
}

/** The key never leaves the process: each request gets an assertion of its own, good for one minute. */
export function privateKeyJwt({ clientId, keyFile, kid }: PrivateKeyOptions): SignIn {
  return async ({ issuer, now }) => {
    const { key, ownKid } = readKey(await textOf(keyFile, 'The file of the private key'), keyFile);
    const alg = algorithmOf(key);
    if (alg === undefined) throw unusable(`The key in ${keyFile} is not RSA, P-256 or Ed25519.`);
    const named = kid ?? ownKid;
    // Loaded by those alone who sign.
    const { SignJWT } = await import('jose');
    const issuedAt = Math.floor(now() / 1000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg, typ: 'JWT', ...(named === undefined ? {} : { kid: named }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + life)
      .setJti(randomUUID())
      .sign(key);
    return { parameters: { client_id: clientId, ...assertion(token) } };
  };
}

function readKey(text: string, file: string): { key: KeyObject; ownKid: string | undefined } {
  try {
    if (!text.startsWith('{')) return { key: createPrivateKey(text), ownKid: undefined };
    const jwk = JSON.parse(text) as Record<string, unknown>;
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    return { key, ownKid: typeof jwk.kid === 'string' ? jwk.kid : undefined };
  } catch {
    // What JSON and OpenSSL say of a text may repeat a part of it.
    throw unusable(`${file} holds no private key, in PEM or as a JWK, that can be read without a password.`);
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
}
