/** Verifies the external issuer's token: format, times, key and signature. */
import { toTimestamp } from '../../platform/time/index.ts';
import type { SandboxRuntime } from '../contract.ts';
import type { Document, IssuerCache } from '../issuer-cache.ts';
import { type Jws, parseJws, publicKeyOf, verifyJws } from '../jws.ts';
import { aadsts, type EntraRefusal } from './entra-response.ts';

export interface Assertion {
  readonly jws: Jws;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** Clock skew; known from practice, not documented (clouds.md 2.2). */
const skewSeconds = 300;
/** `1.01:00:00` in the text of error 70023. */
const maxLifetimeSeconds = 25 * 3600;
/** Entra keeps an issuer's keys for at most a day; reported by users, not proven. */
export const keepKeysSeconds = 24 * 3600;
/**
 * Entra does not fetch the keys at once for an unknown kid (clouds.md 4); that it does so after 5 minutes is an
 * assumption.
 */
const refetchAfterSeconds = 300;

const malformed = () => aadsts(50027, 'invalid_request', 'JWT token is invalid or malformed.');

export function readAssertion(
  token: string,
): { readonly ok: true; readonly value: Assertion } | EntraRefusal {
  const parsed = parseJws(token);
  if (!parsed.ok) return malformed();
  const { header, claims } = parsed.jws;
  // A missing typ is refused like a wrong one: the text allows exactly two values.
  if (header.typ !== 'JWT' && header.typ !== 'http://openid.net/specs/jwt/1.0')
    return aadsts(
      5002727,
      'invalid_request',
      "Invalid JWT header type specified, must be 'JWT' or 'http://openid.net/specs/jwt/1.0'.",
    );
  // The real text names HS256, but a federated issuer has no shared secret with Entra.
  if (header.alg !== 'RS256')
    return aadsts(
      5002738,
      'invalid_request',
      `Invalid JWT token. '${String(header.alg)}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, HS256'`,
    );
  const { iss, sub, aud } = claims;
  const audiences = [aud].flat().filter((value) => typeof value === 'string');
  const times = [claims.exp, claims.nbf ?? 0, claims.iat ?? 0];
  if ('crit' in header || typeof iss !== 'string' || typeof sub !== 'string' || audiences.length === 0)
    return malformed();
  if (!times.every(Number.isInteger)) return malformed();
  return { ok: true, value: { jws: parsed.jws, issuer: iss, subject: sub, audiences } };
}

export async function verifyAssertion(
  assertion: Assertion,
  runtime: SandboxRuntime,
  issuers: IssuerCache,
): Promise<EntraRefusal | undefined> {
  return timeFault(assertion.jws.claims, runtime.now()) ?? (await keyFault(assertion, runtime, issuers));
}

function timeFault(claims: Jws['claims'], now: number): EntraRefusal | undefined {
  const { iat = 0, nbf = 0, exp } = claims as { iat?: number; nbf?: number; exp: number };
  if (exp - iat > maxLifetimeSeconds)
    return aadsts(
      70023,
      'invalid_request',
      `External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at ${iat}. Token expires on ${exp}.`,
    );
  const seconds = now / 1000;
  const early = Math.max(nbf, iat) > seconds + skewSeconds;
  if (!early && exp + skewSeconds > seconds) return undefined;
  return aadsts(
    700024,
    'invalid_client',
    `Client assertion is not within its valid time range. Current time: ${ticks(now)}, assertion valid from ${ticks(nbf * 1000)}, expiry time of assertion ${ticks(exp * 1000)}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`,
  );
}

/** .NET prints seven decimals. */
const ticks = (time: number) => `${toTimestamp(time).slice(0, -1)}0000Z`;

async function keyFault(
  { jws, issuer }: Assertion,
  runtime: SandboxRuntime,
  issuers: IssuerCache,
): Promise<EntraRefusal | undefined> {
  const { kid } = jws.header;
  const known = await issuers.read(issuer);
  if (!known.ok) return aadsts(50166, 'invalid_request', 'Request to External OIDC endpoint failed.');
  let jwk = keyNamed(kid, known.value.keys);
  if (!jwk && runtime.now() - known.value.fetchedAt > refetchAfterSeconds * 1000) {
    const fresh = await issuers.read(issuer, { refetch: true });
    if (fresh.ok) jwk = keyNamed(kid, fresh.value.keys);
  }
  const key = jwk && publicKeyOf(jwk);
  if (!key)
    return aadsts(
      7000272,
      'invalid_client',
      `The certificate with identifier ${thumbprint(kid)} used to sign the federated credential could not be found in the metadata of identity provider ${issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`,
    );
  // The code is known; we found no record of its text.
  if (!verifyJws(jws, key))
    return aadsts(7000274, 'invalid_client', 'Client assertion contains an invalid signature.');
  return undefined;
}

const keyNamed = (kid: unknown, keys: readonly Document[]) =>
  keys.find(
    (jwk) =>
      typeof kid === 'string' && kid !== '' && jwk.kid === kid && jwk.kty === 'RSA' && jwk.use !== 'enc',
  );

/** Entra decodes a kid as the base64url of a certificate's hash and prints it in hex. */
function thumbprint(kid: unknown): string {
  if (typeof kid !== 'string') return '';
  const bytes = Buffer.from(kid, 'base64url');
  return bytes.toString('base64url') === kid ? bytes.toString('hex').toUpperCase() : kid;
}
