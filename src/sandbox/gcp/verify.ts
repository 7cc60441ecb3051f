/** The verification of the subject token, in the order and the words measured against the real service (clouds.md 3.2). */
import type { Document } from '../issuer-cache.ts';
import { type Jws, keyFits, parseJws, publicKeyOf, verifyJws } from '../jws.ts';
import type { Estate } from './estate.ts';
import { audiencesOf, type Provider } from './provider.ts';
import { type StsOutcome, stsRefuse } from './sts-request.ts';
import { uploadedKeys } from './uploaded-keys.ts';

/** Measured: iat 60 s ahead passes, 119 does not; exp 59 s ago passes, 61 does not. */
const skewSeconds = 60;

const grantFault = (description: string) => stsRefuse('invalid_grant', description);

export async function verifyToken(
  token: string,
  provider: Provider,
  estate: Estate,
): Promise<StsOutcome<Jws['claims']>> {
  const parsed = parseJws(token);
  if (!parsed.ok) return grantFault('Unable to parse the ID Token.');
  const { jws } = parsed;
  return (
    claimFault(jws.claims, provider, estate.world.now() / 1000) ??
    (await keyFault(jws, provider, estate)) ?? { ok: true, value: jws.claims }
  );
}

/** exp − iat has no limit: the guide says 24 hours, a token of 11 years passed. nbf is not known to be read. */
function claimFault({ iss, aud, iat, exp }: Jws['claims'], provider: Provider, now: number) {
  const { issuerUri, allowedAudiences } = provider.oidc;
  if (iss !== issuerUri)
    return grantFault(
      `The issuer in ID Token ${shown(iss)} does not match the expected one in config: ${issuerUri}.`,
    );
  const given = aud === undefined ? [] : [aud].flat();
  const expected = audiencesOf(provider);
  if (!given.some((one) => typeof one === 'string' && expected.includes(one))) {
    const only = allowedAudiences?.length === 1 ? ` ${allowedAudiences[0]}` : '';
    return grantFault(
      `The audience in ID Token [${given.map(shown).join(', ')}] does not match the expected audience${only}.`,
    );
  }
  const timely =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    iat <= now + skewSeconds &&
    exp >= now - skewSeconds;
  return timely ? undefined : grantFault(`ID Token issued at ${shown(iat)} is stale to sign-in.`);
}

const shown = (claim: unknown): string =>
  typeof claim === 'string' ? claim : claim === undefined ? 'null' : JSON.stringify(claim);

async function keyFault(jws: Jws, provider: Provider, estate: Estate) {
  const unreachable = grantFault("Error connecting to the given credential's issuer.");
  const { alg, kid } = jws.header;
  if (alg !== 'RS256' && alg !== 'ES256') return unreachable;
  const jwk = provider.oidc.jwksJson
    ? keyNamed(kid, uploadedKeys(provider.oidc.jwksJson))
    : await fetchedKey(kid, provider.oidc.issuerUri, estate);
  const key = jwk && publicKeyOf(jwk);
  if (!key || !keyFits(alg, key)) return unreachable;
  return verifyJws(jws, key) ? undefined : grantFault('Unable to verify the ID Token signature.');
}

/** Kept for a day whatever Cache-Control says, so a removed key stays; an unknown kid is looked for at once. */
async function fetchedKey(kid: unknown, issuer: string, { issuers }: Estate): Promise<Document | undefined> {
  const kept = await issuers.read(issuer);
  const known = kept.ok ? keyNamed(kid, kept.value.keys) : undefined;
  if (known || !kept.ok) return known;
  const fresh = await issuers.read(issuer, { refetch: true });
  return fresh.ok ? keyNamed(kid, fresh.value.keys) : undefined;
}

const keyNamed = (kid: unknown, keys: readonly Document[] | undefined) =>
  keys?.find((jwk) => typeof kid === 'string' && jwk.kid === kid);
