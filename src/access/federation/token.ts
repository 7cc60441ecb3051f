/** Parses external JWTs strictly (RFC 7515). The result is not verified. */
import { hasDuplicateName, trustDomainOf } from '../../platform/validation/index.ts';
import { refused } from './refusal.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ParsedToken {
  readonly compact: string;
  readonly header: { readonly alg: string; readonly kid: string | undefined };
  readonly claims: Claims;
}

/** Neither `none` nor HMAC: with HMAC, anyone who knows the public key could sign. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
  'Ed25519',
] as const;

const maxLength = 12 * 1024;

/** RFC 8725 section 3.11: rejects tokens of another type, such as access tokens (at+jwt). */
const typOfPlatforms = /^(jwt|jose)$/i;

/** The explicit type of rfc7523bis section 4; RFC 7523 requires none. */
export const typOfClients = /^(application\/)?(jwt|client-authentication\+jwt)$/i;

/** Throws `invalid_client`. `jwk`, `jku`, `x5u` and `x5c` in the header are ignored: keys come from the issuer. */
export function readToken(compact: string, types: RegExp = typOfPlatforms): ParsedToken {
  if (compact.length > maxLength) throw refused(`the token is over ${maxLength} characters`);
  const parts = compact.split('.');
  if (parts.length !== 3) throw refused('the token does not have three parts');
  const [header, claims] = [parseObject(parts[0]!, 'header'), parseObject(parts[1]!, 'payload')];
  if (!isCanonicalBase64url(parts[2]!) || parts[2] === '') throw refused('the signature is not base64url');
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !(algorithms as readonly string[]).includes(alg))
    throw refused('the alg is not supported');
  if ('crit' in header) throw refused('the header has crit, which is not supported');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 512))
    throw refused('the kid is not a string');
  if (typ !== undefined && !(typeof typ === 'string' && types.test(typ)))
    throw refused('the typ belongs to another type of token');
  // RFC 7519 section 4.1: iss and sub must be strings.
  for (const name of ['iss', 'sub']) {
    if (claims[name] !== undefined && typeof claims[name] !== 'string')
      throw refused(`the ${name} is not a string`);
  }
  return { compact, header: { alg, kid }, claims };
}

/**
 * Whether an external issuer, not a client itself, issued the token. False if it is not a token; it is then handled like
 * any other client assertion.
 */
export function isExternal(compact: string): boolean {
  try {
    const payload = Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString();
    return issuersIn(JSON.parse(payload) as Claims).length > 0;
  } catch {
    return false;
  }
}

/** A JWT-SVID needs no iss: its issuer is the trust domain in its subject (SPIFFE JWT-SVID section 3.1). */
export function issuersIn({ iss, sub }: Claims): readonly string[] {
  if (typeof iss === 'string' && iss.startsWith('cli_')) return [];
  const domain = typeof sub === 'string' ? trustDomainOf(sub) : undefined;
  // SPIRE can be configured to send the trust domain as iss too.
  return [...new Set([iss, domain].filter((one) => typeof one === 'string'))];
}

function parseObject(part: string, name: string): Claims {
  if (!isCanonicalBase64url(part)) throw refused(`the ${name} is not base64url`);
  const text = Buffer.from(part, 'base64url').toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused(`the ${name} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(`the ${name} is not an object`);
  if (hasDuplicateName(text)) throw refused(`the ${name} has a duplicate member`);
  return value as Claims;
}

/** Only the canonical encoding: no padding, no other alphabet, no unused bits. */
const isCanonicalBase64url = (part: string): boolean =>
  /^[\w-]*$/.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part;
