/** Key rings on real stores and folders, for any number of replicas, with a clock that the test sets. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Algorithm } from '../../../src/clouds/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore, type Store } from '../../../src/platform/store/index.ts';
import {
  fileBackend,
  Keyring,
  Keyrings,
  mainRing,
  type PostponedKey,
  type PublicJwk,
  type RingChange,
  type Timing,
} from '../../../src/tokens/keys/index.ts';
import { noon, timing } from './records.ts';

export interface ReplicaOptions {
  readonly folder?: string;
  readonly store?: Store;
  readonly encryptionKey?: Uint8Array;
  readonly former?: Uint8Array;
  readonly algorithms?: readonly Algorithm[];
  readonly timing?: Partial<Timing>;
  /** Whether a tenant with its own keys exists; by default every tenant does. */
  readonly hasTenant?: (id: string) => Promise<boolean>;
  readonly obstacles?: (key: PublicJwk) => Promise<readonly string[]>;
  /** The constant error of its clock, in milliseconds. */
  readonly off?: number;
  /** The jump of its clock since the start, in milliseconds. */
  readonly set?: { ms: number };
}

export const encryptionKey = new Uint8Array(32).fill(7);

export async function keysBench() {
  const root = await mkdtemp(join(tmpdir(), 'sojourn-keys-'));
  const clock = { ms: noon };
  const stores: Store[] = [];
  const changes: RingChange[] = [];
  const postponed: PostponedKey[] = [];
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const logger = createLogger({ level: 'debug', destination });
  const now = () => clock.ms;

  const open = async (name = 'sojourn') => {
    const store = await openStore(`sqlite:${join(root, name)}.db`, { logger, now });
    stores.push(store);
    return store;
  };
  const shared = await open();
  const what = (options: ReplicaOptions) => ({
    store: options.store ?? shared,
    backend: fileBackend(options.encryptionKey ?? encryptionKey, options.former),
    folder: join(root, options.folder ?? 'keys'),
    algorithms: options.algorithms ?? (['ES256'] as const),
    timing: { ...timing, ...options.timing },
    now: () => clock.ms + (options.off ?? 0) + (options.set?.ms ?? 0),
    steadyNow: () => clock.ms + (options.off ?? 0),
    logger,
  });

  return {
    root,
    clock,
    now,
    logger,
    changes,
    postponed,
    store: shared,
    logged: () => log,
    /** Another handle on the store of this name. */
    openStore: open,
    folder: (name: string) => join(root, name),
    replica: (options: ReplicaOptions = {}) =>
      Keyring.open({
        ...what(options),
        id: mainRing,
        checkOnOpen: true,
        mayCreate: async () => (await shared.list('connection', { limit: 1 })).items.length === 0,
        obstacles: options.obstacles ?? (async () => []),
        onPostponed: (waiting) => {
          postponed.push(waiting);
        },
        record: async (change) => {
          changes.push(change);
        },
      }),
    /** The main ring and the rings of tenants with own keys. */
    rings: (options: ReplicaOptions = {}) =>
      Keyrings.open({
        ...what(options),
        mayCreate: async () => true,
        hasTenant: options.hasTenant ?? (async () => true),
        obstacles: async () => [],
        onPostponed: () => undefined,
        record: async () => undefined,
      }),
    copy: (folder = 'keys') => readFile(join(root, folder, 'ring.json'), 'utf8'),
    filesIn: (folder: string) => readdir(join(root, folder)),
    async end() {
      await Promise.all(stores.map((store) => store.close()));
      await rm(root, { recursive: true, force: true });
    },
  };
}

export type KeysBench = Awaited<ReturnType<typeof keysBench>>;

/** The ring as `RS256 active, RS256 next, …`. */
export const statesOf = (keyring: Keyring): string[] =>
  keyring.list().map(({ alg, state }) => `${alg} ${state}`);

export const kidsOf = (keyring: Keyring): string[] => keyring.list().map(({ kid }) => kid);
