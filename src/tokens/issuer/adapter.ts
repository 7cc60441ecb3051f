/** What oidc-provider stores: it looks clients up, and remembers assertions that were used. Its tokens are never stored. */
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';

export interface AdapterOptions {
  readonly store: Store;
  readonly now: Now;
  readonly findClient: (id: string) => Promise<AdapterPayload>;
}

export function adapterFor(options: AdapterOptions): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return { ...nothing, find: options.findClient };
    if (model === 'ReplayDetection')
      return {
        ...nothing,
        upsert: (id, payload, ttl) => useOnce(options, id, String(payload.iss), ttl ?? 0),
      };
    return nothing;
  };
}

/**
 * The engine looks for a used assertion and saves it afterwards, so parallel requests could use one twice. Here the insert
 * itself decides. The engine's id is a hash of iss and jti without a separator; iss is added so that shifted pairs differ.
 */
async function useOnce(
  { store, now }: AdapterOptions,
  id: string,
  issuer: string,
  ttl: number,
): Promise<void> {
  // An exp may have a fraction (RFC 7519 section 2), and stores want whole milliseconds.
  const expiresAt = Math.ceil(now() + ttl * 1000);
  if (!(await store.insert('claim', `assertion:${issuer}:${id}`, {}, { expiresAt }))) {
    throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
  }
}

/** Every other model: nothing is found, and nothing may be stored. */
const nothing: Adapter = {
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  // Only an opaque token would be stored, and no cloud can read one.
  upsert: async () => {
    throw new SojournError('internal', { cause: new Error('the engine tried to store a token') });
  },
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
};
