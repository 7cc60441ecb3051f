/** What a client asks for in `resource` (RFC 8707): one connection that it may use, or our own API. */
import type { Algorithm } from '../clouds/index.ts';
import { type Connections, destinationOf, tokenSecondsOf } from '../connections/index.ts';
import { SojournError } from '../errors/index.ts';
import type { KeyRecord } from '../keys/index.ts';
import { admit, onlyConnection } from '../policy/index.ts';
import { apiResource, connectionIn, connectionResource, ownAlgorithm } from './claims.ts';
import type { Visit } from './visit.ts';

export interface ResourceOptions {
  readonly issuer: string;
  readonly api: boolean;
  readonly connections: Connections;
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
    return describe(options, visit, apiResource, options.ttl);
  }
  const id = connectionIn(resource);
  const connection = id === undefined ? undefined : await admit(options.connections, client, id);
  if (!connection) throw new SojournError('invalid_target');
  if (connection.disabled)
    throw new SojournError('invalid_target', {
      detail: 'The connection is disabled.',
      advice: 'Enable it with `sojourn connection enable ID`.',
    });
  if (connection.issuer !== options.issuer)
    throw elsewhere(
      'The connection is registered under another issuer.',
      `Ask for its token at ${connection.issuer}/token.`,
    );
  const { audience } = destinationOf(connection);
  checkAudience(parameters, audience);
  visit.connection = connection;
  return describe(options, visit, audience, tokenSecondsOf(connection, options.ttl));
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
