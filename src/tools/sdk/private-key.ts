/** Sign-in with private_key_jwt (OpenID Connect Core section 9, RFC 7523). */
import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { assertionParameters, invalidSignIn, readText, type SignIn } from './sign-in.ts';

/** The server accepts 300 seconds at most. */
const lifetimeSeconds = 60;

export interface PrivateKeyOptions {
  readonly clientId: string;
  /** PEM (PKCS #8, PKCS #1 or SEC 1) or a JWK in JSON: RSA, P-256 or Ed25519. */
  readonly keyFile: string;
  /** For a client with several registered keys. Default: the `kid` of the JWK. */
  readonly kid?: string;
}

/** The key never leaves the process: each request gets a new assertion that is valid for one minute. */
export function privateKeyJwt({ clientId, keyFile, kid }: PrivateKeyOptions): SignIn {
  return async ({ issuer, now }) => {
    const { key, jwkKid } = readKey(await readText(keyFile, 'The private key file'), keyFile);
    const alg = algorithmOf(key);
    if (alg === undefined) throw invalidSignIn(`The key in ${keyFile} is not an RSA, P-256 or Ed25519 key.`);
    const keyId = kid ?? jwkKid;
    // Loaded on demand: other sign-in methods do not need it.
    const { SignJWT } = await import('jose');
    const issuedAt = Math.floor(now() / 1000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .setJti(randomUUID())
      .sign(key);
    return { parameters: { client_id: clientId, ...assertionParameters(token) } };
  };
}

function readKey(text: string, file: string): { key: KeyObject; jwkKid: string | undefined } {
  try {
    if (!text.startsWith('{')) return { key: createPrivateKey(text), jwkKid: undefined };
    const jwk = JSON.parse(text) as Record<string, unknown>;
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    return { key, jwkKid: typeof jwk.kid === 'string' ? jwk.kid : undefined };
  } catch {
    // The errors of JSON.parse and OpenSSL are dropped: they can repeat a part of the key.
    throw invalidSignIn(`${file} does not contain an unencrypted private key in PEM or JWK format.`);
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
}
