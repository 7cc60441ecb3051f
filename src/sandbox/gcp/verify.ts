/** Verifies the subject token, with the order and the texts measured against the real service (clouds.md 3.2). */
import type { Document } from '../issuer-cache.ts';
import { type Jws, keyFits, parseJws, publicKeyOf, verifyJws } from '../jws.ts';
import type { CloudState } from './cloud-state.ts';
import { audiencesOf, type Provider } from './provider.ts';
import { type StsOutcome, stsRefuse } from './sts-request.ts';
import { uploadedKeys } from './uploaded-keys.ts';

/** Measured: iat 60 s in the future passes, 119 s does not; exp 59 s ago passes, 61 s does not. */
const skewSeconds = 60;

const grantFault = (description: string) => stsRefuse('invalid_grant', description);

export async function verifyToken(
  token: string,
  provider: Provider,
  state: CloudState,
): Promise<StsOutcome<Jws['claims']>> {
  const parsed = parseJws(token);
  if (!parsed.ok) return grantFault('Unable to parse the ID Token.');
  const { jws } = parsed;
  return (
    claimFault(jws.claims, provider, state.runtime.now() / 1000) ??
    (await keyFault(jws, provider, state)) ?? { ok: true, value: jws.claims }
  );
}

/**
 * exp − iat has no limit: the guide says 24 hours, but a token with 11 years passed. Whether Google reads nbf is not
 * known.
 */
function claimFault({ iss, aud, iat, exp }: Jws['claims'], provider: Provider, now: number) {
  const { issuerUri, allowedAudiences } = provider.oidc;
  if (iss !== issuerUri)
    return grantFault(
      `The issuer in ID Token ${claimText(iss)} does not match the expected one in config: ${issuerUri}.`,
    );
  const audiences = aud === undefined ? [] : [aud].flat();
  const expected = audiencesOf(provider);
  if (!audiences.some((audience) => typeof audience === 'string' && expected.includes(audience))) {
    const only = allowedAudiences?.length === 1 ? ` ${allowedAudiences[0]}` : '';
    return grantFault(
      `The audience in ID Token [${audiences.map(claimText).join(', ')}] does not match the expected audience${only}.`,
    );
  }
  const isTimely =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    iat <= now + skewSeconds &&
    exp >= now - skewSeconds;
  return isTimely ? undefined : grantFault(`ID Token issued at ${claimText(iat)} is stale to sign-in.`);
}

const claimText = (claim: unknown): string =>
  typeof claim === 'string' ? claim : claim === undefined ? 'null' : JSON.stringify(claim);

async function keyFault(jws: Jws, provider: Provider, state: CloudState) {
  const unreachable = grantFault("Error connecting to the given credential's issuer.");
  const { alg, kid } = jws.header;
  if (alg !== 'RS256' && alg !== 'ES256') return unreachable;
  const jwk = provider.oidc.jwksJson
    ? keyNamed(kid, uploadedKeys(provider.oidc.jwksJson))
    : await fetchedKey(kid, provider.oidc.issuerUri, state);
  const key = jwk && publicKeyOf(jwk);
  if (!key || !keyFits(alg, key)) return unreachable;
  return verifyJws(jws, key) ? undefined : grantFault('Unable to verify the ID Token signature.');
}

/**
 * Keys are cached for a day regardless of Cache-Control, so a removed key still works; an unknown kid causes a fetch
 * at once.
 */
async function fetchedKey(
  kid: unknown,
  issuer: string,
  { issuers }: CloudState,
): Promise<Document | undefined> {
  const cached = await issuers.read(issuer);
  const known = cached.ok ? keyNamed(kid, cached.value.keys) : undefined;
  if (known || !cached.ok) return known;
  const fresh = await issuers.read(issuer, { refetch: true });
  return fresh.ok ? keyNamed(kid, fresh.value.keys) : undefined;
}

const keyNamed = (kid: unknown, keys: readonly Document[] | undefined) =>
  keys?.find((jwk) => typeof kid === 'string' && jwk.kid === kid);
