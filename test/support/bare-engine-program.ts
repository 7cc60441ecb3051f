/** The program behind bare-engine.ts. Its one argument is the public key of a client that signs assertions. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider';
import type { BareEngine } from './bare-engine.ts';

const assertionKey = JSON.parse(process.argv[2] ?? '') as Record<string, unknown>;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const common = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] as never[] };
const secret = { client_id: 'with-secret', client_secret: 'a-secret-for-the-bare-engine' };

/** As over any network, an answer takes a turn of the event loop; the engine's own in-memory adapter hides its race. */
const remembered = new Map<string, AdapterPayload>();
const storage = (model: string): Adapter => ({
  find: (id) => turn(remembered.get(`${model}:${id}`)),
  upsert: async (id, payload) => {
    remembered.set(`${model}:${id}`, await turn(payload));
  },
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    adapter: storage,
    clients: [
      { ...common, ...secret },
      {
        ...common,
        client_id: 'with-key',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [assertionKey] },
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' } as never] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  provider.proxy = true;
  server.on('request', provider.callback());
  process.send?.({ issuer, secret } satisfies Omit<BareEngine, 'close'>);
});
process.on('disconnect', () => process.exit(0));
