/**
 * Clients: the vendor's services that request tokens. Owns: their records, secrets (hashed), keys, trusts and rules.
 * Does not own: authenticating a request (issuer) or evaluating rules (policy).
 */
import type { z } from 'zod';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import { type Page, records, type Store, unknownPart, unlessSame } from '../../platform/store/index.ts';
import { type Now, systemElapsed, toTimestamp } from '../../platform/time/index.ts';
import type { Connections } from '../connections/index.ts';
import { indexKeyOf } from '../federation/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { createByIssuer } from './by-issuer.ts';
import type { ruleInput } from './rules.ts';
import {
  authInput,
  type ClientInput,
  type ClientPatch,
  clientInput,
  clientPatch,
  clientRecord,
  storedClient,
} from './schema.ts';
import { hashSecret, newSecret } from './secret.ts';
import { createSecretUses } from './secret-uses.ts';
import {
  addSecret,
  afterUse,
  defaultSecret,
  type SecretInput,
  type StoredSecret,
  secretInput,
  secretRecord,
} from './secrets.ts';

export {
  conditions,
  connectionStandsAlone,
  dayNames,
  type Hours,
  purposesField,
  type Restriction,
  selectors,
} from './conditions.ts';
export { type Method, methodNames } from './methods.ts';
export { ruleInput } from './rules.ts';
export { type StoredSecret, secretIn } from './secrets.ts';
export { authInput, clientInput, clientPatch, clientRecord, secretInput, secretRecord };

export type Rule = z.infer<typeof ruleInput>;

/** A stored client. Administrators may see everything except the hashes. */
export interface Client extends Readonly<z.output<typeof clientRecord>> {
  readonly auth: z.output<typeof authInput>;
  readonly may_use: readonly Rule[];
  readonly secrets: readonly StoredSecret[];
}

export interface NewSecret {
  readonly secret_id: string;
  /** Returned only once; the store has only its hash. */
  readonly client_secret: string;
}

/** Each sign-in compares the token with all clients of an index key, so their number is limited. */
const maxPerIndexKey = 100;

export interface Clients {
  /** `secret` is present only for the method client_secret. */
  create(input: ClientInput): Promise<{ client: Client; secret?: NewSecret }>;
  find(id: string): Promise<Client | undefined>;
  get(id: string): Promise<Client>;
  list(query: { after?: string; limit: number }): Promise<Page<Client>>;
  /** The federated clients with these index keys. */
  byIndexKeys(drawers: readonly string[]): Promise<readonly Client[]>;
  /** Some federated clients of these issuers, whatever their workload; changes by other replicas appear after seconds. */
  ofIssuers(issuers: readonly string[]): Promise<readonly Client[]>;
  update(id: string, change: ClientPatch): Promise<Client>;
  remove(id: string): Promise<void>;
  /** Rejects with `secret_limit` if the client has two secrets. */
  addSecret(id: string, input: SecretInput): Promise<NewSecret>;
  /** Records a successful sign-in with a secret. */
  recordUse(secretId: string): Promise<void>;
  /** Ends the secret that this one replaces, after its grace period. Call it when this one is used. */
  endReplaced(id: string, secretId: string): Promise<void>;
  /** When a secret was last used, accurate to a few minutes; undefined if never. */
  lastUsed(secretId: string): Promise<string | undefined>;
  removeSecret(id: string, secretId: string): Promise<Client>;
}

export interface ClientsOptions extends References {
  readonly store: Store;
  readonly now: Now;
  /** The exact URLs that a `jwks_uri` may have, so that a registration cannot make the server fetch other URLs. */
  readonly jwksUris?: readonly string[];
}

export function createClients(options: ClientsOptions): Clients {
  const { store, now, jwksUris = [] } = options;
  const kept = records<Client>(store, 'client', 'client_not_found', (value) =>
    unknownPart(storedClient, value),
  );
  const stamp = () => toTimestamp(now());
  const uses = createSecretUses(store, now);
  const byIssuer = createByIssuer(kept.list, systemElapsed);

  async function checkIndexKey(within: string): Promise<void> {
    const { items } = await kept.list({ within, limit: maxPerIndexKey });
    if (items.length < maxPerIndexKey) return;
    const message = `is used by ${maxPerIndexKey} clients with the same issuer and workload, which is the limit`;
    throw invalidRequest([{ path: 'auth', message }]);
  }

  function checkJwksUri(auth: Client['auth'] | undefined): void {
    if (auth?.method !== 'private_key_jwt' || auth.jwks_uri === undefined) return;
    if (jwksUris.includes(auth.jwks_uri)) return;
    const message = 'must be exactly one of clients.jwks_uris in the configuration';
    throw invalidRequest([{ path: 'auth.jwks_uri', message }]);
  }

  return {
    async create({ name, auth, may_use }) {
      checkJwksUri(auth);
      await checkRules(may_use, options);
      const secret = auth.method === 'client_secret' ? makeSecret(now) : undefined;
      const at = stamp();
      const client: Client = {
        client_id: newId('cli', now),
        name,
        auth,
        may_use,
        disabled: false,
        secrets: secret ? addSecret([], secret.kept, defaultSecret, now()) : [],
        created_at: at,
        updated_at: at,
      };
      const within = auth.method === 'federated' ? indexKeyOf(auth) : undefined;
      if (within !== undefined) await checkIndexKey(within);
      await kept.insert(client.client_id, client, within === undefined ? {} : { within });
      byIssuer.forget();
      return { client, ...(secret ? { secret: secret.given } : {}) };
    },

    find: kept.find,
    get: kept.get,
    list: kept.list,

    async byIndexKeys(drawers) {
      const pages = await Promise.all(drawers.map((within) => kept.list({ within, limit: maxPerIndexKey })));
      return pages.flatMap(({ items }) => items);
    },

    ofIssuers: byIssuer.of,

    async update(id, change) {
      checkJwksUri(change.auth);
      if (change.may_use) await checkRules(change.may_use, options);
      const changed = await kept.change(id, (client) => {
        if (change.auth && change.auth.method !== client.auth.method) {
          throw invalidRequest([{ path: 'auth.method', message: 'cannot change; create another client' }]);
        }
        if (change.auth?.method === 'federated' && !sameWorkload(change.auth, client.auth)) {
          const message = 'must identify the same workload; create another client';
          throw invalidRequest([{ path: 'auth', message }]);
        }
        return unlessSame(client, {
          ...client,
          name: change.name ?? client.name,
          auth: change.auth ?? client.auth,
          may_use: change.may_use ?? client.may_use,
          disabled: change.disabled ?? client.disabled,
          updated_at: stamp(),
        });
      });
      byIssuer.forget();
      return changed;
    },

    async remove(id) {
      await kept.remove(id);
      byIssuer.forget();
    },

    async addSecret(id, input) {
      if (input.expires_at !== undefined && Date.parse(input.expires_at) <= now()) {
        throw invalidRequest([{ path: 'expires_at', message: 'must be in the future' }]);
      }
      const { given, kept: secret } = makeSecret(now);
      await kept.change(id, (client) => {
        if (client.auth.method !== 'client_secret') {
          throw invalidRequest([
            {
              path: 'auth.method',
              message: `is ${client.auth.method}; a client with this method has no secrets`,
            },
          ]);
        }
        return { ...client, secrets: addSecret(client.secrets, secret, input, now()), updated_at: stamp() };
      });
      return given;
    },

    recordUse: uses.note,

    async endReplaced(id, secretId) {
      await kept.change(id, (client) => {
        const secrets = afterUse(client.secrets, secretId, now());
        return secrets === client.secrets ? client : { ...client, secrets };
      });
    },

    lastUsed: uses.last,

    removeSecret(id, secretId) {
      return kept.change(id, (client) => {
        const secrets = client.secrets.filter((secret) => secret.id !== secretId);
        if (secrets.length === client.secrets.length) {
          throw new SojournError('client_not_found', { detail: `The client has no secret ${secretId}.` });
        }
        return { ...client, secrets, updated_at: stamp() };
      });
    },
  };
}

const sameWorkload = (one: Client['auth'], other: Client['auth']): boolean =>
  one.method === 'federated' && other.method === 'federated' && indexKeyOf(one) === indexKeyOf(other);

function makeSecret(now: Now) {
  const id = newId('sec', now);
  const secret = newSecret();
  return {
    given: { secret_id: id, client_secret: secret } satisfies NewSecret,
    kept: { id, hash: hashSecret(secret), created_at: toTimestamp(now()) },
  };
}

interface References {
  readonly connections: Pick<Connections, 'find'>;
  readonly tenants: Pick<Tenants, 'find'>;
}

/** Rejects rules for missing connections or tenants: typing errors would otherwise appear only when access fails. */
async function checkRules(rules: readonly Rule[], { connections, tenants }: References): Promise<void> {
  const missing = await Promise.all(
    rules.map(async (rule) => {
      if (rule.connection !== undefined)
        return (await connections.find(rule.connection)) ? undefined : 'connection';
      return rule.tenant === undefined || (await tenants.find(rule.tenant)) ? undefined : 'tenant';
    }),
  );
  const faults = missing.flatMap((kind, index) =>
    kind ? [{ path: `may_use.${index}.${kind}`, message: `there is no such ${kind}` }] : [],
  );
  if (faults.length > 0) throw invalidRequest(faults);
}
