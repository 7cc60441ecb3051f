/**
 * Workloads that present a token of an external issuer: as a client assertion (RFC 7523 section 2.2) or for exchange
 * (RFC 8693). This finds the client that the token belongs to; federation.prove decides whether the token is genuine.
 */
import type { Client, Clients } from '../../access/clients/index.ts';
import {
  type Federation,
  indexKeysFor,
  isExternal,
  issuersIn,
  type ParsedToken,
  readToken,
  refused,
  safeText,
  type Trust,
} from '../../access/federation/index.ts';
import { assertionType, exchangeGrant, spiffeAssertionType } from './parameters.ts';

/** A token of another issuer, and the client whose trust its claims match. Its signature is not verified yet. */
export interface ExternalToken {
  readonly client: FederatedClient;
  readonly token: ParsedToken;
  /** For the audit. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface ExternalOptions {
  readonly clients: Clients;
  readonly federation: Federation;
  /** The shared issuer: what this server signs never authenticates a client. */
  readonly self: string;
}

type FederatedClient = Client & { readonly auth: Trust };

/**
 * The token, parsed, and its client.
 *
 * @throws {SojournError} `invalid_client`, whose cause says why and names the nearest client
 */
export async function findExternal(
  { clients, federation, self }: ExternalOptions,
  compact: string,
  named: string | undefined,
): Promise<ExternalToken> {
  const token = readToken(compact);
  const { iss, sub } = token.claims;
  if (typeof iss === 'string' && (iss === self || iss.startsWith(`${self}/`)))
    throw refused('the token was issued by this server');
  const matching = await candidates(clients, token, named);
  const others = matching.length > 0 || named !== undefined ? [] : await ofIssuer(clients, token);
  const client = choose(matching.length > 0 ? matching : others, token, federation);
  return {
    client,
    token,
    facts: {
      auth: 'federated',
      issuer: client.auth.issuer,
      subject: typeof sub === 'string' ? sub.slice(0, 200) : '',
    },
  };
}

/**
 * The token of another issuer in a request; undefined when the request has none.
 *
 * @throws {SojournError} `invalid_client` when the request authenticates in another way too
 */
export function externalTokenIn(
  parameters: ReadonlyMap<string, string>,
  authorization: string | undefined,
): string | undefined {
  const exchanged = parameters.get('grant_type') === exchangeGrant;
  const assertion = parameters.get('client_assertion');
  const type = parameters.get('client_assertion_type');
  const asserted =
    assertion !== undefined &&
    (type === assertionType || type === spiffeAssertionType) &&
    isExternal(assertion);
  const token = exchanged ? parameters.get('subject_token') : asserted ? assertion : undefined;
  if (token === undefined) return undefined;
  const otherProofs = [authorization, parameters.get('client_secret'), exchanged ? assertion : undefined];
  if (otherProofs.some((proof) => proof !== undefined))
    throw refused('the request authenticates in more than one way');
  if (asserted && type === spiffeAssertionType && !isSvid(token))
    throw refused('the client_assertion_type is for a JWT-SVID, and the token has no SPIFFE ID');
  return token;
}

function isSvid(compact: string): boolean {
  const { sub } = readToken(compact).claims;
  return typeof sub === 'string' && sub.startsWith('spiffe://');
}

async function candidates(clients: Clients, { claims }: ParsedToken, named: string | undefined) {
  const found =
    named === undefined
      ? await clients.byIndexKeys(indexKeysFor(claims))
      : [/^cli_[0-9a-z]{26}$/.test(named) ? await clients.find(named) : undefined];
  return found.filter(isFederated);
}

const isFederated = (one: Client | undefined): one is FederatedClient => one?.auth.method === 'federated';

/** Other workloads of the token's issuer. None of them matches; the audit says by what the nearest one differs. */
async function ofIssuer(clients: Clients, { claims }: ParsedToken): Promise<readonly FederatedClient[]> {
  return (await clients.ofIssuers(issuersIn(claims))).filter(isFederated);
}

function choose(
  found: readonly FederatedClient[],
  token: ParsedToken,
  federation: Federation,
): FederatedClient {
  const judged = found
    .map((client) => ({
      client,
      faults: [...(client.disabled ? ['it is disabled'] : []), ...federation.faults(client.auth, token)],
    }))
    .toSorted((a, b) => a.faults.length - b.faults.length);
  const [nearest, second] = judged;
  if (!nearest) throw refused(noClientFor(token));
  if (nearest.faults.length > 0)
    throw refused(
      `no client matches; ${nearest.client.client_id} is the closest match: ${nearest.faults.join('; ')}`,
    );
  if (second?.faults.length === 0)
    throw refused(
      `more than one client matches, ${nearest.client.client_id} and ${second.client.client_id}: send client_id`,
    );
  return nearest.client;
}

/** What an administrator needs to find the client that should match. */
function noClientFor({ claims }: ParsedToken): string {
  const said = ['iss', 'sub', 'repository_id', 'project_id', 'oid'].flatMap((name) =>
    claims[name] === undefined ? [] : [`${name} ${safeText(claims[name])}`],
  );
  return `no client is for ${said.join(', ') || 'a token without a subject'}`;
}
