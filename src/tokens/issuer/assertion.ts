/**
 * The assertion with which a private_key_jwt client authenticates (RFC 7523 section 3, and its revision rfc7523bis): all
 * checks that need no key. oidc-provider verifies the signature and refuses an assertion that was used before.
 */
import type { Client } from '../../access/clients/index.ts';
import { type Federation, readToken, refused, typOfClients } from '../../access/federation/index.ts';

/** Longest life of an assertion, and how far its iat may be in the future, in seconds. */
const maxLife = 300;
export const maxAhead = 60;
const maxJtiLength = 256;

export interface AssertionOptions {
  /** The issuer that received the request. */
  readonly issuer: string;
  readonly federation: Pick<Federation, 'clientKeys'>;
  /** In seconds. */
  readonly now: number;
}

export type KeyedClient = Client & {
  readonly auth: Extract<Client['auth'], { method: 'private_key_jwt' }>;
};

/**
 * The client's keys, one of which must have signed the assertion.
 *
 * @throws {SojournError} `invalid_client` before anything is fetched, with the reason in its cause, for the audit only;
 *   `client_keys_unavailable` if the keys cannot be fetched
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
  // Exactly the issuer, as one string: an assertion made for another server must not be accepted here.
  if (aud !== issuer) return 'aud must be the issuer, as one string';
  if (sub !== clientId || iss !== clientId) return 'sub and iss must both be the client id';
  if (!isTime(exp)) return 'exp is missing';
  if (exp <= now) return 'exp is in the past';
  if (iat !== undefined && (!isTime(iat) || iat - now > maxAhead)) return 'iat is in the future';
  if (nbf !== undefined && (!isTime(nbf) || nbf - now > maxAhead)) return 'nbf is in the future';
  if (exp - Math.min(iat ?? now, now) > maxLife) return `exp must be at most ${maxLife} s after iat`;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength)
    return `jti must be a string of 1 to ${maxJtiLength} characters`;
  return undefined;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
