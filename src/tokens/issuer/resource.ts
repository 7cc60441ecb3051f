/** What a client asks for in `resource` (RFC 8707): one connection that it may use, or our own API. */
import { withinGrant } from '../../access/approvals/index.ts';
import type { Client } from '../../access/clients/index.ts';
import { type Connections, destinationOf, tokenSecondsOf } from '../../access/connections/index.ts';
import { onlyConnection, type Policy } from '../../access/policy/index.ts';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyRecord } from '../keys/index.ts';
import { apiResource, connectionIn, connectionResource, ownAlgorithm } from './claims.ts';
import type { Visit } from './visit.ts';

export interface ResourceOptions {
  readonly issuer: string;
  readonly api: boolean;
  readonly connections: Connections;
  readonly policy: Policy;
  readonly now: Now;
  /** Life of a token in seconds where the connection does not say otherwise. */
  readonly ttl: number;
  readonly algorithms: readonly Algorithm[];
  /** The key that signs for an algorithm; throws `keys_unavailable`. */
  readonly active: (alg: Algorithm) => KeyRecord;
}

/** The resource of a client that names none. Rejects with `invalid_target` unless there is exactly one. */
export async function defaultResource(connections: Connections, { client }: Visit): Promise<string> {
  const only = client && (await onlyConnection(connections, client));
  if (only) return connectionResource(only);
  throw new SojournError('invalid_target', {
    detail: 'The parameter resource is missing.',
    advice:
      'Name the connection: resource=urn:sojourn:connection:ID. Only a client with exactly one connection may leave it out.',
  });
}

/** The connection (or our own API) that the resource names, in the engine's terms. */
export async function resourceServerInfo(options: ResourceOptions, visit: Visit, resource: string) {
  const { client, parameters } = visit;
  if (!client) throw new SojournError('internal', { cause: new Error('a resource without a client') });
  if (resource === apiResource) {
    if (!options.api) throw elsewhere('Tokens for the API are given by the main issuer of this server.');
    checkAudience(parameters, apiResource);
    visit.carried = await options.policy.workloadClaims(client, visit.proven?.claims);
    return describe(options, visit, apiResource, options.ttl);
  }
  const id = connectionIn(resource);
  if (id === undefined) throw new SojournError('invalid_target');
  // In the place of an id a caller may have put a secret, which no log may hold.
  if (isId('con', id)) visit.asked = id;
  const { connection, notAfter: until } = await admit(options.policy, visit, client, id);
  if (connection.issuer !== options.issuer)
    throw elsewhere(
      'The connection is registered under another issuer.',
      `Ask for its token at ${connection.issuer}/token.`,
    );
  const { audience } = destinationOf(connection);
  checkAudience(parameters, audience);
  visit.connection = connection;
  const life = tokenSecondsOf(connection, options.ttl);
  return describe(options, visit, audience, withinGrant(life, until, options.now()));
}

/** A cloud token is good for everything that the cloud gives for it. */
async function admit(policy: Policy, visit: Visit, client: Client, id: string) {
  const { source_ip, request_id, proven } = visit;
  try {
    const wish = { client, connection: id, purpose: null, context: { source_ip, request_id } };
    return await policy.authorize({ ...wish, signInClaims: proven?.claims });
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    // "Unwilling or unable to issue a token for any target service indicated" (RFC 8693 section 2.2.2, as in RFC 8707).
    const { message: detail, advice, retryAfter, cause } = error;
    const about = cause === undefined ? {} : { cause };
    if (error.code === 'connection_not_found') throw new SojournError('invalid_target', about);
    if (error.status !== 403 && error.status !== 409) throw error;
    throw new SojournError('invalid_target', {
      detail,
      advice,
      cause: error,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
}

const elsewhere = (detail: string, advice?: string) =>
  new SojournError('invalid_target', advice === undefined ? { detail } : { detail, advice });

function describe(options: ResourceOptions, visit: Visit, audience: string, ttl: number) {
  const { alg, kid } = signingKey(options, visit);
  visit.kid = kid;
  return {
    scope: '',
    audience,
    accessTokenTTL: ttl,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg, kid } },
  };
}

const signingKey = ({ active, algorithms }: ResourceOptions, { connection }: Visit): KeyRecord =>
  active(connection?.algorithm ?? ownAlgorithm(algorithms));

/** `audience` is no parameter of this grant, but some clients send it: then it must say what the token will say. */
function checkAudience(parameters: ReadonlyMap<string, string>, audience: string): void {
  const asked = parameters.get('audience');
  if (asked === undefined || asked === audience) return;
  throw new SojournError('invalid_target', {
    detail: 'The parameter audience is not the audience of the connection.',
    advice: 'Leave it out: the connection has exactly one audience.',
  });
}
