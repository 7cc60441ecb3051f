/** Evaluates a token as an OIDC relying party does. Shares no code with the server. */
import { z } from 'zod';
import type { SandboxRuntime } from '../contract.ts';
import type { IssuerCache } from '../issuer-cache.ts';
import { keyFits, parseJws, publicKeyOf, verifyJws } from '../jws.ts';

const trustInput = z.strictObject({
  issuer: z.string(),
  audience: z.string(),
  subject: z.string(),
  /** Values that the request or a claim must have. */
  parameters: z.record(z.string(), z.string()).default({}),
});

/** What a customer trusts. */
export type Trust = z.output<typeof trustInput>;

export const readTrust = (body: Buffer): Trust => trustInput.parse(JSON.parse(body.toString()));

/** Keys are fetched again after five minutes, or for an unknown key id. */
export const keepKeysSeconds = 300;

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
  readonly checksSubject?: boolean | undefined;
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
  const { claim, used, checksSubject = true } = checks;
  if (checksSubject && sub !== trust.subject) return 'subject';
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
