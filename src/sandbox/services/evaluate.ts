/** Evaluates a token as an OIDC relying party does. Shares no code with the server. */
import type { SandboxRuntime } from '../contract.ts';
import type { IssuerCache } from '../issuer-cache.ts';
import { keyFits, parseJws, publicKeyOf, verifyJws } from '../jws.ts';

/** What a customer trusts. */
export interface Trust {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  /** Values that the request or a claim must have. */
  readonly parameters: Readonly<Record<string, string>>;
}

export type Reason =
  | 'malformed'
  | 'issuer'
  | 'key'
  | 'signature'
  | 'expired'
  | 'future'
  | 'audience'
  | 'subject'
  | 'claim'
  | 'replayed';

interface Checks {
  readonly runtime: SandboxRuntime;
  readonly issuers: IssuerCache;
  /** The claim that must equal the parameter of this name. */
  readonly claim: string | undefined;
  /** The jti seen before; undefined if a token may be used again. */
  readonly used: Set<string> | undefined;
}

export async function evaluate(token: string, trust: Trust, checks: Checks): Promise<'ok' | Reason> {
  const parsed = parseJws(token);
  if (!parsed.ok) return 'malformed';
  const { jws } = parsed;
  const { iss, aud, sub, exp, iat, jti } = jws.claims;
  if (iss !== trust.issuer) return 'issuer';
  const key = await findKey(jws.header, trust.issuer, checks.issuers);
  if (!key) return 'key';
  if (!keyFits(jws.header.alg, key) || !verifyJws(jws, key)) return 'signature';
  const now = checks.runtime.now() / 1000;
  if (typeof exp !== 'number' || exp <= now) return 'expired';
  if (typeof iat !== 'number' || iat > now + 60) return 'future';
  if (![aud].flat().includes(trust.audience)) return 'audience';
  if (sub !== trust.subject) return 'subject';
  const { claim, used } = checks;
  if (claim !== undefined && jws.claims[claim] !== trust.parameters[claim]) return 'claim';
  if (!used) return 'ok';
  if (typeof jti !== 'string' || used.has(jti)) return 'replayed';
  used.add(jti);
  return 'ok';
}

/** An unknown key id makes the service fetch the keys again. */
async function findKey(header: Readonly<Record<string, unknown>>, issuer: string, issuers: IssuerCache) {
  for (const refetch of [false, true]) {
    const documents = await issuers.read(issuer, { refetch });
    const jwk = documents.ok ? documents.value.keys.find(({ kid }) => kid === header.kid) : undefined;
    if (jwk) return publicKeyOf(jwk);
  }
  return undefined;
}
