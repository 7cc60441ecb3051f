/**
 * Creates an issuer: the record of the issuer, the key-encryption key, the key rings, the admin token, in this order. Only the
 * last step, which completes the record, lets a server start. After an interruption, the next run continues.
 */
import { existsSync } from 'node:fs';
import { createAdminToken } from '../../access/admin-token/index.ts';
import { createAudit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { createLogger, type Logger } from '../../platform/log/index.ts';
import { databaseFileOf, openStore, type Store, storeNameOf } from '../../platform/store/index.ts';
import { type Now, systemNow, toTimestamp } from '../../platform/time/index.ts';
import {
  createEncryptionKey,
  JournalKey,
  journalRing,
  type KeyRecord,
  Keyring,
  mainRing,
  readPrivateFile,
  readStoredRing,
  requirePrivateFolder,
  ringFileIds,
} from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';
import {
  defaultKeyFile,
  encryptionKeySource,
  openKeyBackend,
  recordKeys,
  ringSettings,
} from '../key-rings/index.ts';
import { type IssuerRecord, place, readIssuer } from './issuer-record.ts';
import { assertSame, isUnused } from './start-check.ts';

export interface InitResult {
  readonly issuer: string;
  readonly store: string;
  /** `file:PATH` or `env:NAME`; null if a key service has the private keys. */
  readonly encryption_key: string | null;
  /** False if it existed. */
  readonly encryption_key_created: boolean;
  /** The folder of the local ring files. */
  readonly key_folder: string;
  readonly keys: readonly Pick<KeyRecord, 'kid' | 'alg' | 'state'>[];
  /** Not stored; null if SOJOURN_ADMIN_TOKEN is set. */
  readonly admin_token: string | null;
}

export interface InitOptions {
  readonly logger?: Logger;
  readonly now?: Now;
  /** Called before the last step, so that no token is lost: if it is not shown, the next run creates another one. */
  readonly show: (result: InitResult) => void;
}

/** @throws {SojournError} `state_unusable` if the issuer exists; nothing was changed then */
export async function initialize(config: Config, options: InitOptions): Promise<InitResult> {
  const result = await attempt(config, options);
  if ('refusal' in result) throw new SojournError('state_unusable', result.refusal);
  return result;
}

/** Undefined if the issuer exists. */
export async function initializeIfNew(config: Config, options: InitOptions): Promise<InitResult | undefined> {
  const result = await attempt(config, options);
  return 'refusal' in result ? undefined : result;
}

interface Refusal {
  readonly refusal: { readonly detail: string; readonly advice: string };
}

async function attempt(config: Config, options: InitOptions): Promise<InitResult | Refusal> {
  const { logger = createLogger({ level: 'silent' }), now = systemNow } = options;
  const folder = config.keys.path;
  if (!config.allow.shared_key_folder) await requirePrivateFolder(folder);
  const hasRings = (await ringFileIds(folder)).length > 0;
  const file = databaseFileOf(config.store);
  // Opening the database would create it.
  if (hasRings && file !== undefined && !existsSync(file)) return { refusal: withRings(folder) };
  const store = await openStore(config.store, {
    ...{ logger, now },
    sharedDatabase: config.allow.shared_database,
  });
  try {
    const begun = await begin(store, config, hasRings);
    if (typeof begun === 'object') return begun;
    const result = await create(config, store, begun, { logger, now });
    options.show(result);
    await takeRecord(store, begun, { issuer: config.issuer, created_at: toTimestamp(now()) });
    return result;
  } finally {
    await store.close();
  }
}

/** The version of the record that this run holds: of several runs at once, the last one to take it completes. */
async function begin(store: Store, config: Config, hasRings: boolean): Promise<number | Refusal> {
  const { issuer } = config;
  const found = await readIssuer(store);
  if (found?.record.created_at === null) {
    assertSame(found.record, config);
    return takeRecord(store, found.version, found.record);
  }
  if (!found && hasRings) return { refusal: withRings(config.keys.path) };
  const isEmpty = !found && !(await readStoredRing(store, mainRing)) && (await isUnused(store));
  const begun: IssuerRecord = { issuer, created_at: null };
  if (isEmpty && (await store.insert(...place, begun))) return 1;
  const owner = found ? `the issuer ${found.record.issuer}` : 'an issuer';
  return {
    refusal: {
      detail: `${storeNameOf(config.store)} has ${owner} already. Nothing was changed.`,
      advice: 'Start a server with `sojourn serve`. For another issuer, use another `store` and `keys.path`.',
    },
  };
}

async function takeRecord(store: Store, version: number, record: IssuerRecord): Promise<number> {
  if (await store.replace(...place, version, record)) return version + 1;
  throw overtaken();
}

async function create(
  config: Config,
  store: Store,
  version: number,
  context: { readonly logger: Logger; readonly now: Now },
): Promise<InitResult> {
  const { issuer, keys } = config;
  const { created, ...keyed } = await withEncryptionKey(config);
  const backend = await openKeyBackend(keyed, context);
  try {
    const audit = createAudit({ store, ...context, onFailure: 'refuse' });
    const common = { ...context, store, backend, folder: keys.path, mayCreate: async () => true };
    const ring = await Keyring.open({
      ...ringSettings(config, audit, { ...context, steadyNow: context.now }),
      ...common,
      id: mainRing,
      checkOnOpen: true,
      record: (change) => recordKeys(audit)(mainRing, change),
      obstacles: async () => [],
      onPostponed: () => undefined,
    });
    const record = (change: Parameters<ReturnType<typeof recordKeys>>[1]) =>
      recordKeys(audit)(journalRing, change);
    await new JournalKey({ ...common, record }).refresh();
    const token = await createAdminToken(store, config.admin_token, {
      recordType: place[0],
      id: place[1],
      version,
    });
    if (token === undefined) throw overtaken();
    return {
      issuer,
      store: storeNameOf(config.store),
      encryption_key: encryptionKeySource(config),
      encryption_key_created: created,
      key_folder: keys.path,
      keys: ring.list().map(({ kid, alg, state }) => ({ kid, alg, state })),
      admin_token: token,
    };
  } finally {
    await backend.close?.();
  }
}

/** The configuration with the key-encryption key, whose file is created if it is missing. */
async function withEncryptionKey(config: Config): Promise<Config & { readonly created: boolean }> {
  const { keys } = config;
  const source = keys.encryption_key;
  if (keys.backend !== 'file' || (source && !source.missing)) return { ...config, created: false };
  const file = source ? source.source.replace(/^file:/, '') : defaultKeyFile(config);
  const created = await createEncryptionKey(file);
  const value = (await readPrivateFile(file)) ?? '';
  return { ...config, created, keys: { ...keys, encryption_key: { value, source: `file:${file}` } } };
}

const withRings = (folder: string): Refusal['refusal'] => ({
  detail: `${folder} has key rings of an issuer, and the store has none. Nothing was changed.`,
  advice:
    'If the store lost its state, restore it; new keys would lock out every customer. For a new issuer, use another `keys.path`, or move the *.json files and audit.mark in it away.',
});

const overtaken = () =>
  new SojournError('state_unusable', {
    detail: 'Another `sojourn init` runs on this store, and this one has stopped.',
    advice: 'Use the admin token that the other one shows. If none runs any more, run it again.',
  });
