/** What stands in a token: the only place that says so, whichever way the token leaves. */

import { type Connection, destinationOf, subjectOf } from '../../access/connections/index.ts';
import type { WorkloadClaims } from '../../access/policy/index.ts';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import type { Visit } from './visit.ts';

/** Times are NumericDate (RFC 7519): whole seconds. */
export interface Occasion {
  readonly iat: number;
  /** Life in seconds. */
  readonly ttl: number;
  readonly jti: string;
}

export interface Claims extends Readonly<Record<string, unknown>> {
  readonly iss: string;
  readonly sub: string;
  /** One string: AWS refuses several without azp, and azp would take the place of aud. */
  readonly aud: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
}

/** The resource (RFC 8707) that asks for a token for our own /v1, and its audience. */
export const apiResource = 'urn:sojourn:api';

/** The member of a token for our own API that holds claims of the workload's own token. */
export const workloadClaims = 'workload_claims';

const connectionResourcePrefix = 'urn:sojourn:connection:';

export const connectionResource = (id: string): string => connectionResourcePrefix + id;

/** What a visit ends with a token for: its connection, or else our own API. */
export const resourceOf = ({ connection }: Pick<Visit, 'connection'>): string =>
  connection ? connectionResource(connection.id) : apiResource;

/** The connection id in a resource indicator; undefined when it names none. */
export const connectionIn = (resource: string): string | undefined =>
  resource.startsWith(connectionResourcePrefix) ? resource.slice(connectionResourcePrefix.length) : undefined;

/** The cloud token of a connection. Entra takes no typ but JWT, so `at+jwt` would be refused. Pure. */
export const cloudHeader = { typ: 'JWT' } as const;

export function cloudClaims(connection: Connection, occasion: Occasion): Claims {
  const { audience, claims } = destinationOf(connection);
  return {
    ...claims,
    ...times(occasion),
    iss: connection.issuer,
    sub: subjectOf(connection),
    aud: audience,
    jti: occasion.jti,
  };
}

/** In what a probe is not a token of its connection. */
export type Deviation = { readonly subject: string } | { readonly audience: string };

/** The same token but for its subject or its audience, which must be another. Pure. */
export function probeClaims(connection: Connection, occasion: Occasion, deviation: Deviation): Claims {
  const real = cloudClaims(connection, occasion);
  const claims: Claims =
    'subject' in deviation ? { ...real, sub: deviation.subject } : { ...real, aud: deviation.audience };
  const isAnothers = 'subject' in deviation && isId('con', deviation.subject);
  if (isAnothers || (claims.sub === real.sub && claims.aud === real.aud))
    throw new SojournError('internal', { cause: new Error('a probe that could be a real token') });
  return claims;
}

/** What is for ourselves and ours is signed with ES256 for choice: it costs a tenth of RS256. */
export const ownAlgorithm = (available: readonly Algorithm[]): Algorithm =>
  available.includes('ES256') ? 'ES256' : 'RS256';

/** The token for our own API: the type of RFC 9068, so that neither kind can pass for the other. Pure. */
export const apiHeader = { typ: 'at+jwt' } as const;

/** `claims` of the token by which a workload has signed in, as far as policy depends on them. */
export function apiClaims(
  issuer: string,
  client: string,
  occasion: Occasion,
  claims: WorkloadClaims = {},
): Claims {
  return {
    ...times(occasion),
    iss: issuer,
    sub: client,
    client_id: client,
    aud: apiResource,
    jti: occasion.jti,
    ...(Object.keys(claims).length > 0 ? { [workloadClaims]: claims } : {}),
  };
}

const times = ({ iat, ttl }: Occasion) => ({ iat, nbf: iat, exp: iat + ttl });

/** Header and claims of the token that a visit ends with: the connection's, or else the client's own for our API. */
export function describeToken(
  issuer: string,
  { client, connection, carried }: Pick<Visit, 'client' | 'connection' | 'carried'>,
  occasion: Occasion,
): { header: { readonly typ: string }; claims: Claims } {
  if (connection) return { header: cloudHeader, claims: cloudClaims(connection, occasion) };
  if (client) return { header: apiHeader, claims: apiClaims(issuer, client.client_id, occasion, carried) };
  throw new SojournError('internal', { cause: new Error('a token for nobody') });
}
