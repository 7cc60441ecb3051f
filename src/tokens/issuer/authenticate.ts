/**
 * How clients authenticate, as oidc-provider's hooks ask for it. A secret and an assertion are proven here; the engine
 * verifies the signature of a client's own assertion, and asks certificate.ts about certificates.
 */
import type { AdapterPayload } from 'oidc-provider';
import { type Clients, secretIn } from '../../access/clients/index.ts';
import type { Federation } from '../../access/federation/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import { type KeyedClient, keysToVerify } from './assertion.ts';
import {
  authenticatedMetadata,
  certificateMetadata,
  keyMetadata,
  secretMetadata,
} from './client-metadata.ts';
import type { ExternalToken } from './external.ts';
import { currentProgress, type Progress } from './token-request.ts';

export interface AuthenticatorOptions {
  readonly issuer: string;
  readonly clients: Clients;
  readonly federation: Federation;
  readonly now: Now;
}

export interface Authenticator {
  /** Whether the secret is one of the client that the request names. */
  readonly matchesSecret: (secret: string) => boolean;
  /**
   * What the client with this id must present. Rejects with `invalid_client` when an assertion proves nothing, and with
   * `client_keys_unavailable` when its keys cannot be fetched.
   */
  readonly findClient: (id: string) => Promise<AdapterPayload>;
}

export function authenticator(options: AuthenticatorOptions): Authenticator {
  const { issuer, clients, federation, now } = options;

  async function proveExternal(progress: Progress, { client, token, facts }: ExternalToken): Promise<void> {
    const consume = await federation.verify(client.auth, token, progress.request.parameters.get('resource'));
    progress.proof = { method: 'external', claims: token.claims, consume };
    progress.facts = facts;
  }

  return {
    matchesSecret(secret) {
      const progress = currentProgress.getStore()!;
      const match = secretIn(progress.client, secret, now());
      if (!match) return false;
      progress.proof = { method: 'secret', secret: match };
      return true;
    },

    async findClient(id) {
      const progress = currentProgress.getStore()!;
      const { external, parameters } = progress.request;
      if (external) await proveExternal(progress, external);
      const stored = isId('cli', id) ? await clients.find(id) : undefined;
      const client = stored?.disabled ? undefined : stored;
      progress.client = client;
      if (client && external) return authenticatedMetadata(id);
      if (client?.auth.method === 'tls') return certificateMetadata(id, client.auth);
      const assertion = parameters.get('client_assertion');
      if (client?.auth.method === 'private_key_jwt' && assertion !== undefined) {
        const keyed: KeyedClient = { ...client, auth: client.auth };
        const { keys } = await keysToVerify(assertion, keyed, { issuer, federation, now: toSeconds(now()) });
        return keyMetadata(id, keys);
      }
      return secretMetadata(id);
    },
  };
}
