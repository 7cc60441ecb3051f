/** Header and claims of every token. Pure: the same for /token, /v1, previews and probes. */
import { type ResolvedConnection, subjectOf } from '../../access/connections/index.ts';
import type { WorkloadClaims } from '../../access/policy/index.ts';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';

/** When a token is issued. Times are NumericDate (RFC 7519): whole seconds. */
export interface Issuance {
  readonly iat: number;
  /** Life in seconds. */
  readonly ttl: number;
  readonly jti: string;
}

export interface Claims extends Readonly<Record<string, unknown>> {
  readonly iss: string;
  readonly sub: string;
  /** One string: AWS refuses a list without azp, and reads azp instead of aud. */
  readonly aud: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
}

/** The resource (RFC 8707) that asks for a token for our own /v1, and its audience. */
export const apiResource = 'urn:sojourn:api';

/** The claim of an API token that contains claims of the workload's own token. */
export const workloadClaims = 'workload_claims';

/** The claim of an API token that names the secret with which its client signed in. */
export const secretClaim = 'secret_id';

const connectionResourcePrefix = 'urn:sojourn:connection:';

export const connectionResource = (id: string): string => connectionResourcePrefix + id;

/** The connection id in a resource indicator; undefined when it names none. */
export const connectionIn = (resource: string): string | undefined =>
  resource.startsWith(connectionResourcePrefix) ? resource.slice(connectionResourcePrefix.length) : undefined;

/** Entra accepts no typ but JWT, so a cloud token cannot be `at+jwt`. */
export const cloudHeader = { typ: 'JWT' } as const;

/** A verifier whose clock is slow accepts a fresh token: clocks under NTP differ by less. */
const notBeforeMarginSeconds = 5;

/** The cloud token of a connection. */
export function cloudClaims(
  { connection, destination }: ResolvedConnection,
  { iat, ttl, jti }: Issuance,
): Claims {
  return {
    ...destination.claims,
    iat,
    nbf: iat - notBeforeMarginSeconds,
    exp: iat + ttl,
    iss: connection.issuer,
    sub: subjectOf(connection),
    aud: destination.audience,
    jti,
  };
}

/** How a probe differs from a token of its connection. */
export type Deviation = { readonly subject: string } | { readonly audience: string };

/**
 * The same token with another subject or another audience.
 *
 * @throws {SojournError} `internal` when the token could be accepted as one of a connection
 */
export function probeClaims(resolved: ResolvedConnection, issuance: Issuance, deviation: Deviation): Claims {
  const real = cloudClaims(resolved, issuance);
  const claims: Claims =
    'subject' in deviation ? { ...real, sub: deviation.subject } : { ...real, aud: deviation.audience };
  const isAnothers = 'subject' in deviation && isId('con', deviation.subject);
  if (isAnothers || (claims.sub === real.sub && claims.aud === real.aud))
    throw new SojournError('internal', { cause: new Error('the probe could be a real token') });
  return claims;
}

/** Tokens and statements that no cloud reads are signed with ES256 where there is a key: it costs a tenth of RS256. */
export const ownAlgorithm = (available: readonly Algorithm[]): Algorithm =>
  available.includes('ES256') ? 'ES256' : 'RS256';

/** The type of RFC 9068, so that an API token and a cloud token cannot be mistaken for each other. */
export const apiHeader = { typ: 'at+jwt' } as const;

/** How the client of an API token signed in. */
export interface ApiSignIn {
  /** Those of the workload's own token that policy depends on. */
  readonly claims: WorkloadClaims;
  /** The id of its secret, if it has used one. */
  readonly secret: string | undefined;
}

/** The token for our own API. */
export function apiClaims(
  issuer: string,
  client: string,
  { iat, ttl, jti }: Issuance,
  { claims, secret }: ApiSignIn,
): Claims {
  return {
    iat,
    nbf: iat,
    exp: iat + ttl,
    iss: issuer,
    sub: client,
    client_id: client,
    aud: apiResource,
    jti,
    ...(secret === undefined ? {} : { [secretClaim]: secret }),
    ...(Object.keys(claims).length > 0 ? { [workloadClaims]: claims } : {}),
  };
}
