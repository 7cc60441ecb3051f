/** What oidc-provider wants stored: clients to look up and used assertions to remember. Its tokens never are. */
import { type Adapter, errors } from 'oidc-provider';
import type { Client, Clients } from '../../access/clients/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { type KeysOf, metadataOf } from './client-metadata.ts';

export interface AdapterOptions {
  readonly store: Store;
  readonly clients: Clients;
  readonly now: Now;
  /** Called with every client that was looked up; undefined where there is none. */
  readonly found: (client: Client | undefined) => void;
  readonly keysOf: KeysOf;
}

export function adapterFor(options: AdapterOptions): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return { ...nothing, find: (id) => findClient(options, id) };
    if (model === 'ReplayDetection')
      return { ...nothing, upsert: (id, payload, ttl) => once(options, id, String(payload.iss), ttl ?? 0) };
    return nothing;
  };
}

async function findClient({ clients, found, keysOf }: AdapterOptions, id: string) {
  const client = /^cli_[0-9a-z]{26}$/.test(id) ? await clients.find(id) : undefined;
  const usable = client?.disabled ? undefined : client;
  found(usable);
  return metadataOf(id, usable, keysOf);
}

/**
 * The engine looks for a used assertion and then saves it; between the two, copies of it slip through. Here the save
 * itself decides. Its id is a hash of iss and jti without a separator, so iss is added to tell shifted pairs apart.
 */
async function once({ store, now }: AdapterOptions, id: string, issuer: string, ttl: number): Promise<void> {
  // An exp may have a fraction (RFC 7519 section 2), and stores want whole milliseconds.
  const expiresAt = Math.ceil(now() + ttl * 1000);
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
