/** What oidc-provider wants stored: clients to look up and used assertions to remember. Its tokens never are. */
import { randomBytes } from 'node:crypto';
import { type Adapter, errors } from 'oidc-provider';
import type { Client, Clients } from '../clients/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Store } from '../store/index.ts';
import type { Now } from '../time/index.ts';

export interface AdapterOptions {
  readonly store: Store;
  readonly clients: Clients;
  readonly now: Now;
  /** Called with every client that was looked up; undefined where there is none. */
  readonly found: (client: Client | undefined) => void;
}

export function adapterFor(options: AdapterOptions): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return { ...nothing, find: (id) => findClient(options, id) };
    if (model === 'ReplayDetection')
      return { ...nothing, upsert: (id, payload, ttl) => once(options, id, String(payload.iss), ttl ?? 0) };
    return nothing;
  };
}

/** The secret is not compared by the engine, which could not do so with a hash; see Engine. */
const comparedElsewhere = randomBytes(16).toString('hex');

async function findClient({ clients, found }: AdapterOptions, id: string) {
  const client = /^cli_[0-9a-z]{26}$/.test(id) ? await clients.find(id) : undefined;
  const usable = client?.disabled ? undefined : client;
  found(usable);
  // A stranger goes the same way as a client with a wrong secret, in the same time, to the same answer.
  // So does one that has proven itself before the engine was asked; see Engine for what is then compared.
  if (usable?.auth.method !== 'private_key_jwt') return withSecret(id);
  return { ...metadata(id), token_endpoint_auth_method: 'private_key_jwt' as const, jwks: usable.auth.jwks };
}

const metadata = (id: string) => ({
  client_id: id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});

const withSecret = (id: string) => ({
  ...metadata(id),
  token_endpoint_auth_method: 'client_secret_basic' as const,
  client_secret: comparedElsewhere,
});

/**
 * The engine looks for a used assertion and then saves it; between the two, copies of it slip through. Here the save
 * itself decides. Its id is a hash of iss and jti without a separator, so iss is added to tell shifted pairs apart.
 */
async function once({ store, now }: AdapterOptions, id: string, issuer: string, ttl: number): Promise<void> {
  const expiresAt = now() + ttl * 1000;
  if (!(await store.insert('once', `assertion:${issuer}:${id}`, {}, { expiresAt }))) {
    throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
  }
}

/** Every other model: nothing is found, and nothing may be kept. */
const nothing: Adapter = {
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  // Only an opaque token would come here, and no cloud could read that one.
  upsert: async () => {
    throw new SojournError('internal', { cause: new Error('the engine wants to store a token') });
  },
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
};
