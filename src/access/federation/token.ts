/** A foreign JWT taken apart, to the letter of RFC 7515 and no further. Nothing in it is believed yet. */
import { hasDuplicateName } from '../../platform/validation/index.ts';
import { refused } from './refused.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ForeignToken {
  readonly compact: string;
  readonly header: { readonly alg: string; readonly kid: string | undefined };
  readonly claims: Claims;
}

/** No `none`, no HMAC: with these, who knows the public key could sign. */
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

/** RFC 8725 section 3.11: a token of another kind, such as an access token (at+jwt), was not made for this. */
const typOfPlatforms = /^(jwt|jose)$/i;

/** The explicit type of rfc7523bis, section 4; the older RFC 7523 asks for none. */
export const typOfClients = /^(application\/)?(jwt|client-authentication\+jwt)$/i;

/** Throws `invalid_client`. `jwk`, `jku`, `x5u` and `x5c` in the header are not looked at: keys come from the issuer. */
export function readToken(compact: string, types: RegExp = typOfPlatforms): ForeignToken {
  if (compact.length > maxLength) throw refused(`the token is over ${maxLength} characters`);
  const parts = compact.split('.');
  if (parts.length !== 3) throw refused('the token is not three parts');
  const [header, claims] = [object(parts[0]!, 'header'), object(parts[1]!, 'payload')];
  if (!canonical(parts[2]!) || parts[2] === '') throw refused('the signature is not base64url');
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !(algorithms as readonly string[]).includes(alg))
    throw refused('the alg is not one that is taken');
  if ('crit' in header) throw refused('the header has crit, and nothing critical is understood here');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 512))
    throw refused('the kid is not a text');
  if (typ !== undefined && !(typeof typ === 'string' && types.test(typ)))
    throw refused('the typ is that of another kind of token');
  // RFC 7519 section 4.1: what is no text is no issuer and no subject.
  for (const name of ['iss', 'sub']) {
    if (claims[name] !== undefined && typeof claims[name] !== 'string')
      throw refused(`the ${name} is not a text`);
  }
  return { compact, header: { alg, kid }, claims };
}

/**
 * Whether somebody else than a client of ours has issued it. False for whatever is no token at all, which then goes the
 * way of any other assertion.
 */
export function isForeign(compact: string): boolean {
  try {
    const payload = Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString();
    return issuersIn(JSON.parse(payload) as Claims).length > 0;
  } catch {
    return false;
  }
}

/** A JWT-SVID needs no iss: its trust domain, which is its issuer here, stands in its subject (SPIFFE JWT-SVID 3.1). */
export function issuersIn({ iss, sub }: Claims): readonly string[] {
  if (typeof iss === 'string' && iss.startsWith('cli_')) return [];
  const domain = typeof sub === 'string' ? trustDomainOf(sub) : undefined;
  // SPIRE can be told to write the trust domain into iss as well.
  return [...new Set([iss, domain].filter((one) => typeof one === 'string'))];
}

/** `spiffe://prod.example.com` of `spiffe://prod.example.com/billing`. */
export const trustDomainOf = (id: string): string | undefined =>
  /^spiffe:\/\/[a-z0-9._-]{1,255}(?=\/)/.exec(id)?.[0];

function object(part: string, name: string): Claims {
  if (!canonical(part)) throw refused(`the ${name} is not base64url`);
  const text = Buffer.from(part, 'base64url').toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused(`the ${name} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(`the ${name} is not an object`);
  if (hasDuplicateName(text)) throw refused(`the ${name} has a member twice`);
  return value as Claims;
}

/** One spelling only: no padding, no other alphabet, no bits left over. */
const canonical = (part: string): boolean =>
  /^[\w-]*$/.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part;
