/**
 * The vendor's services that fetch tokens. Owns: their records, their secrets (hashed), keys and trusts, their rules.
 * Does not own: authenticating a request (issuer) or deciding what a rule admits (policy).
 */
import type { z } from 'zod';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import { type Page, records, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import type { Connections } from '../connections/index.ts';
import { drawerOf } from '../federation/index.ts';
import type { Tenants } from '../tenants/index.ts';
import type { ruleInput } from './rules.ts';
import { authInput, clientInput, clientPatch } from './schema.ts';
import { hashSecret, newSecret } from './secret.ts';
import { afterUse, type KeptSecret, secretIn, secretInput, withNew } from './secrets.ts';
import { createUses } from './uses.ts';

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
export { authInput, clientInput, clientPatch, secretInput };

export type Rule = z.infer<typeof ruleInput>;

/** A client as it is kept. Everything but the hashes may be shown to an administrator. */
export interface Client {
  readonly client_id: string;
  readonly name: string;
  readonly auth: z.infer<typeof authInput>;
  readonly may_use: readonly Rule[];
  readonly disabled: boolean;
  readonly secrets: readonly KeptSecret[];
  readonly created_at: string;
  readonly updated_at: string;
}

export interface GivenSecret {
  readonly secret_id: string;
  /** Shown this once; only its hash is kept. */
  readonly client_secret: string;
}

/** Clients that are told apart by patterns alone are all looked at for each token. */
const maxInDrawer = 100;

export interface Clients {
  /** `secret` is there for the method client_secret only. */
  create(input: unknown): Promise<{ client: Client; secret?: GivenSecret }>;
  find(id: string): Promise<Client | undefined>;
  get(id: string): Promise<Client>;
  list(query: { after?: string; limit: number }): Promise<Page<Client>>;
  /** The federated clients in these drawers. */
  inDrawers(drawers: readonly string[]): Promise<readonly Client[]>;
  update(id: string, input: unknown): Promise<Client>;
  remove(id: string): Promise<void>;
  /** Rejects with `secret_limit` when there are two already. */
  addSecret(id: string, input?: unknown): Promise<GivenSecret>;
  /** The id of the client's secret that this text is; undefined when it is none, or one that has ended. */
  secretIn(client: Client | undefined, given: string): string | undefined;
  /**
   * To be told that a secret has opened the door: notes the hour, and ends the secret that it was made to replace. Then
   * its id is the answer.
   */
  used(client: Client, secretId: string): Promise<string | undefined>;
  /** When a secret was last used, to a few minutes; undefined when it never was. */
  lastUsed(secretId: string): Promise<string | undefined>;
  removeSecret(id: string, secretId: string): Promise<Client>;
}

export interface ClientsOptions extends Namesakes {
  readonly store: Store;
  readonly now: Now;
  /** The URLs, exactly, that a `jwks_uri` may be: what a client says must not make us ask anywhere else. */
  readonly jwksUris?: readonly string[];
}

export function createClients(options: ClientsOptions): Clients {
  const { store, now, jwksUris = [] } = options;
  const kept = records<Client>(store, 'client', 'client_not_found');
  const stamp = () => toTimestamp(now());
  const uses = createUses(store, now);

  async function checkRoom(within: string): Promise<void> {
    const { items } = await kept.list({ within, limit: maxInDrawer });
    if (items.length < maxInDrawer) return;
    const message = `has ${maxInDrawer} clients already that differ from this one by lesser claims alone`;
    throw invalidRequest([{ path: 'auth', message }]);
  }

  function checkPlace(auth: Client['auth'] | undefined): void {
    if (auth?.method !== 'private_key_jwt' || auth.jwks_uri === undefined) return;
    if (jwksUris.includes(auth.jwks_uri)) return;
    const message = 'is not one of clients.jwks_uris in the configuration, to the letter';
    throw invalidRequest([{ path: 'auth.jwks_uri', message }]);
  }

  return {
    async create(input) {
      const { name, auth, may_use } = read(clientInput, input);
      checkPlace(auth);
      await checkRules(may_use, options);
      const secret = auth.method === 'client_secret' ? makeSecret(now) : undefined;
      const at = stamp();
      const client: Client = {
        client_id: newId('cli', now),
        name,
        auth,
        may_use,
        disabled: false,
        secrets: secret ? withNew([], secret.kept, read(secretInput, {}), now()) : [],
        created_at: at,
        updated_at: at,
      };
      const within = auth.method === 'federated' ? drawerOf(auth) : undefined;
      if (within !== undefined) await checkRoom(within);
      await kept.insert(client.client_id, client, within === undefined ? {} : { within });
      return { client, ...(secret ? { secret: secret.given } : {}) };
    },

    find: kept.find,
    get: kept.get,
    list: kept.list,

    async inDrawers(drawers) {
      const pages = await Promise.all(drawers.map((within) => kept.list({ within, limit: maxInDrawer })));
      return pages.flatMap(({ items }) => items);
    },

    async update(id, input) {
      const change = read(clientPatch, input);
      checkPlace(change.auth);
      if (change.may_use) await checkRules(change.may_use, options);
      return kept.change(id, (client) => {
        if (change.auth && change.auth.method !== client.auth.method) {
          throw invalidRequest([{ path: 'auth.method', message: 'cannot change; create another client' }]);
        }
        if (change.auth?.method === 'federated' && !sameWorkload(change.auth, client.auth)) {
          const message = 'names another workload; create another client';
          throw invalidRequest([{ path: 'auth', message }]);
        }
        return {
          ...client,
          name: change.name ?? client.name,
          auth: change.auth ?? client.auth,
          may_use: change.may_use ?? client.may_use,
          disabled: change.disabled ?? client.disabled,
          updated_at: stamp(),
        };
      });
    },

    async remove(id) {
      await kept.remove(id);
    },

    async addSecret(id, input = {}) {
      const wanted = read(secretInput, input);
      if (wanted.expires_at !== undefined && Date.parse(wanted.expires_at) <= now()) {
        throw invalidRequest([{ path: 'expires_at', message: 'is over' }]);
      }
      const { given, kept: secret } = makeSecret(now);
      await kept.change(id, (client) => {
        if (client.auth.method !== 'client_secret') {
          throw invalidRequest([
            { path: 'auth.method', message: `is ${client.auth.method}; such a client has no secret` },
          ]);
        }
        return { ...client, secrets: withNew(client.secrets, secret, wanted, now()), updated_at: stamp() };
      });
      return given;
    },

    secretIn: (client, given) => secretIn(client?.secrets ?? [], given, now()),

    async used(client, secretId) {
      await uses.note(secretId);
      const replaced = client.secrets.find(({ id }) => id === secretId)?.replaces?.id;
      if (replaced === undefined) return undefined;
      await kept.change(client.client_id, (newest) => ({
        ...newest,
        secrets: afterUse(newest.secrets, secretId, now()) ?? newest.secrets,
      }));
      return replaced;
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
  one.method === 'federated' && other.method === 'federated' && drawerOf(one) === drawerOf(other);

function makeSecret(now: Now) {
  const id = newId('sec', now);
  const secret = newSecret();
  return {
    given: { secret_id: id, client_secret: secret } satisfies GivenSecret,
    kept: { id, hash: hashSecret(secret), created_at: toTimestamp(now()) },
  };
}

interface Namesakes {
  readonly connections: Pick<Connections, 'find'>;
  readonly tenants: Pick<Tenants, 'find'>;
}

/** A rule that names nothing is a typing error, which would otherwise show only when somebody is locked out. */
async function checkRules(rules: readonly Rule[], { connections, tenants }: Namesakes): Promise<void> {
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
