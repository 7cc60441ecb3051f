/**
 * Workloads that come with a token of their own issuer: as a client assertion (RFC 7523 section 2.2) or to be exchanged
 * (RFC 8693). The token is judged here; what is issued then, the engine issues, as for any other client.
 */
import type { Client, Clients } from '../../access/clients/index.ts';
import {
  type Claims,
  drawersFor,
  type Federation,
  type ForeignToken,
  isForeign,
  issuersIn,
  readToken,
  refused,
  shown,
  type Take,
  type Trust,
} from '../../access/federation/index.ts';
import { assertionType, exchangeGrant, issuedTypes } from './parameters.ts';

/** A client that has proven itself, and its request in the engine's terms. */
export interface Proven {
  readonly client: Client;
  readonly parameters: ReadonlyMap<string, string>;
  /** Of its token, in full. */
  readonly claims: Claims;
  /** Uses the token up. */
  readonly take: Take;
  /** For the audit. */
  readonly facts: Readonly<Record<string, string>>;
  /** To be told in the answer to an exchange (RFC 8693 section 2.2.1). */
  readonly issuedTokenType?: string;
}

export interface ForeignOptions {
  readonly clients: Clients;
  readonly federation: Federation;
  /** Our own issuer: what we sign is never a way in again. */
  readonly issuer: string;
}

type FederatedClient = Client & { readonly auth: Trust };

/** The foreign token in a request; undefined when it has none. Throws `invalid_client` when it comes with another proof. */
export function foreignTokenIn(
  parameters: ReadonlyMap<string, string>,
  authorization: string | undefined,
): string | undefined {
  const exchanged = parameters.get('grant_type') === exchangeGrant;
  const assertion = parameters.get('client_assertion');
  const asserted =
    assertion !== undefined &&
    parameters.get('client_assertion_type') === assertionType &&
    isForeign(assertion);
  const token = exchanged ? parameters.get('subject_token') : asserted ? assertion : undefined;
  if (token === undefined) return undefined;
  const others = [authorization, parameters.get('client_secret'), exchanged ? assertion : undefined];
  if (others.some((one) => one !== undefined))
    throw refused('the request authenticates in more than one way');
  return token;
}

/**
 * Rejects with `invalid_client`; its cause says why, and names the client that came nearest. `meant` is told which client
 * the claims belong to, whether or not the rest proves it.
 */
export async function proveForeign(
  { clients, federation, issuer }: ForeignOptions,
  compact: string,
  parameters: ReadonlyMap<string, string>,
  meant: (client: Client) => void,
): Promise<Proven> {
  const token = readToken(compact);
  const { iss, sub } = token.claims;
  if (typeof iss === 'string' && (iss === issuer || iss.startsWith(`${issuer}/`)))
    throw refused('the token is one of our own');
  const named = parameters.get('client_id');
  const found = await candidates(clients, token, named);
  const others = found.length > 0 || named !== undefined ? [] : await ofIssuer(clients, token);
  const client = choose(found.length > 0 ? found : others, token, federation);
  meant(client);
  const take = await federation.prove(client.auth, token, parameters.get('resource'));
  const exchanged = parameters.get('grant_type') === exchangeGrant;
  return {
    client,
    parameters: rewritten(parameters, client.client_id),
    claims: token.claims,
    take,
    facts: {
      auth: 'federated',
      issuer: client.auth.issuer,
      subject: typeof sub === 'string' ? sub.slice(0, 200) : '',
    },
    ...(exchanged ? { issuedTokenType: parameters.get('requested_token_type') ?? issuedTypes[0] } : {}),
  };
}

async function candidates(clients: Clients, { claims }: ForeignToken, named: string | undefined) {
  const found =
    named === undefined
      ? await clients.inDrawers(drawersFor(claims))
      : [/^cli_[0-9a-z]{26}$/.test(named) ? await clients.find(named) : undefined];
  return found.filter(isFederated);
}

const isFederated = (one: Client | undefined): one is FederatedClient => one?.auth.method === 'federated';

/** So many clients are looked at to say which comes nearest to a token that belongs to none: one read of the store. */
const lookedAt = 200;

/** Other workloads of the token's issuer: none of them is meant, and the audit can say by what they differ. */
async function ofIssuer(clients: Clients, { claims }: ForeignToken): Promise<readonly FederatedClient[]> {
  const issuers = issuersIn(claims);
  const { items } = await clients.list({ limit: lookedAt });
  return items.filter(isFederated).filter(({ auth }) => issuers.includes(auth.issuer));
}

function choose(
  found: readonly FederatedClient[],
  token: ForeignToken,
  federation: Federation,
): FederatedClient {
  const judged = found
    .map((client) => ({
      client,
      faults: [...(client.disabled ? ['it is disabled'] : []), ...federation.faults(client.auth, token)],
    }))
    .toSorted((a, b) => a.faults.length - b.faults.length);
  const [nearest, second] = judged;
  if (!nearest) throw refused(nobody(token));
  if (nearest.faults.length > 0)
    throw refused(
      `no client matches; ${nearest.client.client_id} comes nearest: ${nearest.faults.join('; ')}`,
    );
  if (second?.faults.length === 0)
    throw refused(
      `more than one client matches, ${nearest.client.client_id} and ${second.client.client_id}: send client_id`,
    );
  return nearest.client;
}

/** With what an administrator compares the clients that there are. */
function nobody({ claims }: ForeignToken): string {
  const said = ['iss', 'sub', 'repository_id', 'project_id', 'oid'].flatMap((name) =>
    claims[name] === undefined ? [] : [`${name} ${shown(claims[name])}`],
  );
  return `no client is for ${said.join(', ') || 'a token that names nobody'}`;
}

const ofTheProof = [
  'client_assertion',
  'client_assertion_type',
  'subject_token',
  'subject_token_type',
  'requested_token_type',
];

/**
 * The same request by a client that authenticates with its id. That it has proven itself stands in the visit, which
 * nothing from outside can reach; what stands here for a secret opens nothing.
 */
function rewritten(parameters: ReadonlyMap<string, string>, clientId: string): ReadonlyMap<string, string> {
  const rest = [...parameters].filter(([name]) => !ofTheProof.includes(name));
  const exchanged = parameters.get('grant_type') === exchangeGrant;
  return new Map([
    ...rest,
    ...(exchanged ? [['grant_type', 'client_credentials'] as const] : []),
    ['client_id', clientId],
    ['client_secret', 'proven'],
  ]);
}
