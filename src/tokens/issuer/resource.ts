/** What a client requests with `resource` (RFC 8707): a connection that it may use, or our own API. */
import type { Client } from '../../access/clients/index.ts';
import {
  type Connections,
  type ResolvedConnection,
  resolveConnection,
} from '../../access/connections/index.ts';
import { onlyConnection, type Policy, type WorkloadClaims } from '../../access/policy/index.ts';
import type { Suspensions } from '../../access/suspension/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { apiResource, connectionIn, connectionResource } from './claims.ts';
import type { Progress } from './token-request.ts';

export interface ResourceOptions {
  readonly issuer: string;
  /** Whether this issuer gives tokens for our own API. */
  readonly api: boolean;
  readonly connections: Connections;
  readonly policy: Policy;
  readonly suspensions: Pick<Suspensions, 'assertIssuing'>;
}

/** A resource that the policy allows the client. */
export type Resource =
  /** `notAfter`: when the client's grant ends, in milliseconds; undefined where it needs none. */
  | { readonly connection: ResolvedConnection; readonly notAfter: number | undefined }
  /** Claims of the workload's own token that decisions at /v1 depend on. */
  | { readonly workloadClaims: WorkloadClaims };

/** The resource indicator: what an external token is consumed for. */
export const indicatorOf = (resource: Resource): string =>
  'connection' in resource ? connectionResource(resource.connection.connection.id) : apiResource;

/** @throws {SojournError} `invalid_target`, or `…_suspended` once the policy allows the use */
export async function resolveResource(
  { issuer, api, connections, policy, suspensions }: ResourceOptions,
  progress: Progress,
  client: Client,
): Promise<Resource> {
  const { parameters, context } = progress.request;
  const signInClaims = progress.proof?.method === 'external' ? progress.proof.claims : undefined;
  const indicator = parameters.get('resource') ?? (await defaultResource(connections, client));
  if (indicator === apiResource) {
    if (!api) throw invalidTarget('Only the shared issuer of this server issues API tokens.');
    checkAudience(parameters, apiResource);
    await suspensions.assertIssuing();
    return { workloadClaims: await policy.workloadClaims(client, signInClaims) };
  }
  const id = connectionIn(indicator);
  if (id === undefined) throw new SojournError('invalid_target');
  // A caller may have sent a secret instead of an id; logs must not contain it.
  if (isId('con', id)) progress.requested = id;
  // For no purpose: a cloud token opens all that the cloud gives for it.
  const request = { client, connection: id, purpose: null, context, signInClaims };
  const { connection, notAfter } = await policy.authorize(request).catch(refuseTarget);
  await suspensions.assertIssuing(connection.tenant);
  if (connection.issuer !== issuer)
    throw invalidTarget(
      'The connection is registered under another issuer.',
      `Ask for its token at ${connection.issuer}/token.`,
    );
  const resolved = resolveConnection(connection);
  checkAudience(parameters, resolved.destination.audience);
  progress.connection = connection;
  return { connection: resolved, notAfter };
}

/** For a client that may use exactly one connection. */
async function defaultResource(connections: Connections, client: Client): Promise<string> {
  const only = await onlyConnection(connections, client);
  if (only !== undefined) return connectionResource(only);
  throw invalidTarget(
    'The parameter resource is missing.',
    'Name the connection: resource=urn:sojourn:connection:ID. Only a client with exactly one connection may omit it.',
  );
}

/** "Unwilling or unable to issue a token for any target service indicated" (RFC 8693 section 2.2.2, as in RFC 8707). */
function refuseTarget(error: unknown): never {
  if (!(error instanceof SojournError)) throw error;
  const { message: detail, advice, retryAfter, cause } = error;
  if (error.code === 'connection_not_found')
    throw new SojournError('invalid_target', cause === undefined ? {} : { cause });
  if (error.status !== 403 && error.status !== 409) throw error;
  throw new SojournError('invalid_target', {
    detail,
    advice,
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

const invalidTarget = (detail: string, advice?: string) =>
  new SojournError('invalid_target', advice === undefined ? { detail } : { detail, advice });

/** `audience` is no parameter of these grants, but some clients send it: then it must say what the token will say. */
function checkAudience(parameters: ReadonlyMap<string, string>, audience: string): void {
  const requested = parameters.get('audience');
  if (requested === undefined || requested === audience) return;
  throw invalidTarget(
    'The parameter audience is not the audience of the connection.',
    'Omit it: the connection has exactly one audience.',
  );
}
