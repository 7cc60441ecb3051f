/** What a client assertion must say beyond what oidc-provider checks (RFC 7523 and its revision rfc7523bis). */
import { errors } from 'oidc-provider';

/** Longest life of an assertion still to come, and how far its iat may lie ahead, in seconds. */
const maxLife = 300;
const maxAhead = 60;
const maxJtiLength = 256;

/** Throws the engine's InvalidClientAuth; its text goes to the audit only. `now` in seconds. */
export function assertAssertion(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
  now: number,
): void {
  const { aud, exp, iat, jti, sub, iss } = claims;
  // One string, and the issuer itself: an assertion for the token endpoint of another server must not fit here.
  if (aud !== issuer) throw refused('aud must be the issuer, as one string');
  if (sub !== iss) throw refused('sub and iss must both be the client id');
  if (!isTime(exp) || exp - now > maxLife) throw refused(`exp must be at most ${maxLife} s ahead`);
  if (iat !== undefined && (!isTime(iat) || iat - now > maxAhead)) throw refused('iat lies in the future');
  if (typeof jti !== 'string' || jti.length > maxJtiLength)
    throw refused(`jti must be a string of at most ${maxJtiLength} characters`);
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const refused = (reason: string) => new errors.InvalidClientAuth(reason);
