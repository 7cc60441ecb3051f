/** All key rings: the main one, and one for each tenant with own keys, opened on first use. */
import { createSingleFlight } from '../../platform/cache/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { Keyring, type KeyringOptions } from './keyring.ts';
import type { PostponedKey } from './propagation-check.ts';
import type { RingChange } from './replicated.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';
import { removeRingFile } from './ring-file.ts';
import { ringFileIds } from './ring-files.ts';
import { mainRing } from './stored-ring.ts';

/** Options that all rings share; the callbacks get the ring's id, which is `shared` or the tenant's. */
export interface KeyringsOptions
  extends Omit<KeyringOptions, 'id' | 'mayCreate' | 'checkOnOpen' | 'record' | 'obstacles' | 'onPostponed'> {
  readonly mayCreate: (ring: string) => Promise<boolean>;
  readonly record: (ring: string, change: RingChange) => Promise<void>;
  readonly obstacles: (ring: string, key: PublicJwk) => Promise<readonly string[]>;
  readonly onPostponed: (ring: string, key: PostponedKey) => void;
  /** Whether a tenant with this id exists and has own keys. */
  readonly hasTenant: (ring: string) => Promise<boolean>;
}

export class Keyrings {
  readonly main: Keyring;
  readonly #options: KeyringsOptions;
  readonly #opened = new Map<string, Keyring>();
  readonly #singleFlight = createSingleFlight<Keyring>();
  readonly #listeners: ((ring: string) => void)[] = [];
  #clockProblemLogged = false;
  /** Whether the local folder still has to be searched for rings that the store lost while this replica was down. */
  #scansFolder: boolean;

  private constructor(options: KeyringsOptions, main: Keyring, sweeps: boolean) {
    this.#options = options;
    this.main = main;
    this.#scansFolder = sweeps;
    this.#register(mainRing, main);
  }

  /** Opens the main ring; rejects as `Keyring.open` does. The first `refresh` opens the others. */
  static async open(options: KeyringsOptions): Promise<Keyrings> {
    // Read before the ring is opened, because that restores it. A store without the main ring has lost its tenants too, so
    // their local ring files must not be removed as orphans.
    const whole = (await options.store.versions('ring')).has(mainRing);
    return new Keyrings(options, await openRing(options, mainRing), whole);
  }

  /**
   * The ring of a tenant; creates it for a new tenant. Rejects with `state_unusable` if the ring is lost, with
   * `key_material_unusable` if it is damaged, and with `tenant_not_found` if the tenant was deleted, and then leaves
   * nothing.
   */
  async of(tenant: string): Promise<Keyring> {
    const opened = this.#opened.get(tenant);
    if (opened) return opened;
    return this.#singleFlight(tenant, () => this.#open(tenant));
  }

  async #open(tenant: string): Promise<Keyring> {
    const keyring = await openRing(this.#options, tenant);
    // Checked after opening: the tenant may have been deleted while its ring was created.
    if (await this.#removeIfOrphaned(tenant)) throw new SojournError('tenant_not_found');
    return this.#register(tenant, keyring);
  }

  /** All open rings. */
  all(): readonly Keyring[] {
    return [...this.#opened.values()];
  }

  /** The postponed keys of all rings. */
  postponed(): readonly PostponedKey[] {
    return this.all().flatMap((keyring) => keyring.postponed);
  }

  /** Why this server activates and removes no keys, each reason once: its clock is wrong. */
  clockProblems(): readonly string[] {
    return [...new Set(this.all().flatMap(({ clockProblem }) => clockProblem ?? []))];
  }

  /** The key with this kid and its ring; throws `key_not_found`. */
  find(kid: string): { readonly keyring: Keyring; readonly key: KeyRecord } {
    for (const keyring of this.#opened.values()) {
      const key = keyring.list().find((candidate) => candidate.kid === kid);
      if (key) return { keyring, key };
    }
    throw new SojournError('key_not_found', { detail: `There is no key ${kid}.` });
  }

  /** The listener gets the ring's id after each change, also a change by another replica, and after a removal. */
  onChange(listener: (ring: string) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Reads the rings that other replicas changed and opens those they created. Rejects only if the store or the folder
   * cannot be read; a main ring that could not be refreshed shows in its staleness.
   */
  async refresh(): Promise<void> {
    const { store, now } = this.#options;
    const startedAt = now();
    const versions = await store.versions('ring');
    await this.#safely(mainRing, () => this.main.refresh());
    await forEachConcurrently(versions, async ([id, version]) => {
      if (id === mainRing) return;
      const keyring = this.#opened.get(id);
      if (!keyring) await this.#safely(id, () => this.of(id));
      else if (!keyring.confirmUnchanged(version, startedAt)) await this.#safely(id, () => keyring.refresh());
    });
    for (const [id, keyring] of this.#opened) {
      // Either the store lost it and it is restored, or its tenant was deleted.
      if (id !== mainRing && !versions.has(id)) await this.#safely(id, () => keyring.refresh());
    }
    if (this.#scansFolder) await this.#openLocalRings(versions);
  }

  /**
   * Opens the rings that are only in the local folder: they are restored to the store, or removed if their tenant was
   * deleted.
   */
  async #openLocalRings(versions: ReadonlyMap<string, number>): Promise<void> {
    this.#scansFolder = false;
    for (const id of await ringFileIds(this.#options.folder)) {
      // Other files in the folder do not belong to Sojourn.
      if (isId('ten', id) && !versions.has(id)) await this.#safely(id, () => this.of(id));
    }
  }

  /** Runs the due steps of all rings, one ring after the other. */
  async advance(): Promise<void> {
    this.#logClockProblems();
    for (const [id, keyring] of this.#opened) {
      if (keyring.isDue()) await this.#safely(id, () => keyring.advance());
    }
  }

  /** Removes the ring of a deleted tenant. */
  async remove(tenant: string): Promise<void> {
    const { store, folder } = this.#options;
    // First: if the store fails now, the next refresh finds a ring that is not open and checks whether its tenant exists.
    this.#opened.delete(tenant);
    for (;;) {
      const stored = await store.get('ring', tenant);
      // Retried on a version conflict: another replica may have just rotated it.
      if (!stored || (await store.remove('ring', tenant, stored.version))) break;
    }
    await removeRingFile(folder, tenant);
    this.#notify(tenant);
  }

  #logClockProblems(): void {
    const reasons = this.clockProblems();
    if (this.#clockProblemLogged === reasons.length > 0) return;
    this.#clockProblemLogged = !this.#clockProblemLogged;
    const { logger } = this.#options;
    if (!this.#clockProblemLogged) logger.info('the clock is trusted again');
    else
      logger.warn(
        { reasons },
        'the clock is wrong, so no key is activated or removed; correct it (NTP) and restart this server',
      );
  }

  /** Runs `work` for one ring, unless its tenant was deleted. Logs an error, so that one ring does not stop the others. */
  async #safely(id: string, work: () => Promise<unknown>): Promise<void> {
    try {
      if (!(await this.#removeIfOrphaned(id))) await work();
    } catch (err) {
      this.#options.logger.error({ err, ring: id }, 'cannot refresh a key ring; keeping its current state');
    }
  }

  /**
   * Removes the ring if its tenant was deleted: the deletion was interrupted, or a replica unaware of it restored the ring.
   * A ring with registered connections is never removed: then it is the tenant's record that was lost.
   */
  async #removeIfOrphaned(id: string): Promise<boolean> {
    const { hasTenant, mayCreate, logger } = this.#options;
    if (id === mainRing || (await hasTenant(id)) || !(await mayCreate(id))) return false;
    await this.remove(id);
    logger.info({ ring: id }, 'removed the key ring of a deleted tenant');
    return true;
  }

  #register(id: string, keyring: Keyring): Keyring {
    this.#opened.set(id, keyring);
    keyring.onChange(() => this.#notify(id));
    return keyring;
  }

  #notify(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }
}

/** More than the number of cores, because opening a ring mostly waits for the disk. */
const maxConcurrentOpens = 16;

async function forEachConcurrently<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: maxConcurrentOpens }, worker));
}

const openRing = (options: KeyringsOptions, id: string): Promise<Keyring> =>
  Keyring.open({
    ...options,
    id,
    mayCreate: () => options.mayCreate(id),
    // Checking the main ring is enough to detect a wrong key-encryption key at start.
    checkOnOpen: id === mainRing,
    record: (change) => options.record(id, change),
    obstacles: (key) => options.obstacles(id, key),
    onPostponed: (key) => options.onPostponed(id, key),
  });
