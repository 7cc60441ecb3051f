/**
 * The assertion by which a client of ours proves itself (RFC 7523 section 3 and its revision rfc7523bis): read to the
 * letter, and judged as far as that goes without a key. oidc-provider verifies the signature and asks whether it was used
 * before.
 */
import type { Client } from '../../access/clients/index.ts';
import { type Federation, readToken, refused, typOfClients } from '../../access/federation/index.ts';

/** Longest life of an assertion, and how far its iat may lie ahead, in seconds. */
const maxLife = 300;
export const maxAhead = 60;
const maxJtiLength = 256;

export interface AssertionOptions {
  /** Our issuer that was asked. */
  readonly issuer: string;
  readonly federation: Pick<Federation, 'clientKeys'>;
  /** In seconds. */
  readonly now: number;
}

export type KeyedClient = Client & {
  readonly auth: Extract<Client['auth'], { method: 'private_key_jwt' }>;
};

/**
 * The keys that may have signed this assertion of the client. Rejects with `invalid_client`, whose cause goes to the audit
 * only, before anything is fetched; and with `client_keys_unavailable` when its own keys are not to be had.
 */
export async function keysToVerify(
  compact: string,
  { client_id, auth }: KeyedClient,
  { issuer, federation, now }: AssertionOptions,
) {
  const token = readToken(compact, typOfClients);
  const fault = faultOf(token.claims, client_id, issuer, now);
  if (fault !== undefined) throw refused(fault);
  if (auth.jwks_uri === undefined) return { keys: auth.jwks?.keys ?? [] };
  return { keys: await federation.clientKeys(auth.jwks_uri, token) };
}

function faultOf(
  { aud, exp, iat, nbf, jti, sub, iss }: Readonly<Record<string, unknown>>,
  clientId: string,
  issuer: string,
  now: number,
): string | undefined {
  // One string, and the issuer itself: an assertion for the token endpoint of another server must not fit here.
  if (aud !== issuer) return 'aud must be the issuer, as one string';
  if (sub !== clientId || iss !== clientId) return 'sub and iss must both be the client id';
  if (!isTime(exp)) return 'exp is missing';
  if (exp <= now) return 'exp is past';
  if (iat !== undefined && (!isTime(iat) || iat - now > maxAhead)) return 'iat lies in the future';
  if (nbf !== undefined && (!isTime(nbf) || nbf - now > maxAhead)) return 'nbf lies in the future';
  // What is left of its life is never longer than its life.
  if (exp - Math.min(iat ?? now, now) > maxLife) return `exp must be at most ${maxLife} s after iat`;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength)
    return `jti must be a string of 1 to ${maxJtiLength} characters`;
  return undefined;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
