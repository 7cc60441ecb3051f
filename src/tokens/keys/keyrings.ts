/** All key rings: the main one, and those of the tenants that have keys of their own. Opened as they are wanted. */
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { Keyring, type KeyringOptions } from './keyring.ts';
import type { PostponedKey } from './propagation-check.ts';
import type { RingChange } from './replicated.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';
import { removeRingFile } from './ring-file.ts';
import { ringFileIds } from './ring-files.ts';
import { mainRing } from './stored-ring.ts';

/** What is the same for every ring; the rest is asked with the ring's id: `shared`, or the tenant's. */
export interface KeyringsOptions
  extends Omit<KeyringOptions, 'id' | 'mayCreate' | 'checkOnOpen' | 'record' | 'obstacles' | 'onPostponed'> {
  readonly mayCreate: (ring: string) => Promise<boolean>;
  readonly record: (ring: string, change: RingChange) => Promise<void>;
  readonly obstacles: (ring: string, key: PublicJwk) => Promise<readonly string[]>;
  readonly onPostponed: (ring: string, waiting: PostponedKey) => void;
  /** Whether there is a tenant of this id that has keys of its own. */
  readonly hasTenant: (ring: string) => Promise<boolean>;
}

export class Keyrings {
  readonly main: Keyring;
  readonly #options: KeyringsOptions;
  readonly #opened = new Map<string, Keyring>();
  readonly #opening = new Map<string, Promise<Keyring>>();
  readonly #listeners: ((ring: string) => void)[] = [];
  #clockProblemLogged = false;
  /** Whether this replica's folder is still to be looked through for what went while it was down. */
  #scansFolder: boolean;

  private constructor(options: KeyringsOptions, main: Keyring, sweeps: boolean) {
    this.#options = options;
    this.main = main;
    this.#scansFolder = sweeps;
    this.#register(mainRing, main);
  }

  /** Opens the main ring; rejects as `Keyring.open` does. The others follow with the first `refresh`. */
  static async open(options: KeyringsOptions): Promise<Keyrings> {
    // Asked before it is opened, which gives it back: a store without it has lost tenants too, and all there is are copies.
    const whole = (await options.store.versions('ring')).has(mainRing);
    return new Keyrings(options, await openRing(options, mainRing), whole);
  }

  /**
   * The ring of a tenant, made when the tenant is new. Rejects with `state_unusable` when it is lost, and with what is
   * wrong with it otherwise; with `tenant_not_found` when the tenant is gone, and then leaves nothing.
   */
  async of(tenant: string): Promise<Keyring> {
    const opened = this.#opened.get(tenant);
    if (opened) return opened;
    const opening = this.#opening.get(tenant) ?? this.#open(tenant);
    this.#opening.set(tenant, opening);
    return opening.finally(() => this.#opening.delete(tenant));
  }

  async #open(tenant: string): Promise<Keyring> {
    const keyring = await openRing(this.#options, tenant);
    // Afterwards: a deletion meanwhile may have come before there was anything to remove.
    if (await this.#removeIfOrphaned(tenant)) throw new SojournError('tenant_not_found');
    return this.#register(tenant, keyring);
  }

  /** Every ring that is open here. */
  all(): readonly Keyring[] {
    return [...this.#opened.values()];
  }

  /** The keys of all rings that are held back. */
  postponed(): readonly PostponedKey[] {
    return this.all().flatMap((keyring) => keyring.postponed);
  }

  /** Why no key is made to sign or dropped by this server's clock, each reason once. */
  clockProblems(): readonly string[] {
    return [...new Set(this.all().flatMap(({ clockProblem }) => clockProblem ?? []))];
  }

  /** The ring that holds this key, and the key; rejects with `key_not_found`. */
  find(kid: string): { readonly keyring: Keyring; readonly key: KeyRecord } {
    for (const keyring of this.#opened.values()) {
      const key = keyring.list().find((one) => one.kid === kid);
      if (key) return { keyring, key };
    }
    throw new SojournError('key_not_found', { detail: `There is no key ${kid}.` });
  }

  /** Called with the ring's id after each change of one, also by another replica, and when it is gone. */
  onChange(listener: (ring: string) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes over what other replicas changed, reading only what did change; opens rings that others made. Rejects only when
   * the store or the folder cannot be asked: whether the main ring could be followed shows in its staleness.
   */
  async refresh(): Promise<void> {
    const { store, now } = this.#options;
    const begun = now();
    const versions = await store.versions('ring');
    await this.#safely(mainRing, () => this.main.refresh());
    await forEachConcurrently(versions, async ([id, version]) => {
      if (id === mainRing) return;
      const keyring = this.#opened.get(id);
      if (!keyring) await this.#safely(id, () => this.of(id));
      else if (!keyring.confirmUnchanged(version, begun)) await this.#safely(id, () => keyring.refresh());
    });
    for (const [id, keyring] of this.#opened) {
      // Lost there, and given back; or its tenant is gone.
      if (id !== mainRing && !versions.has(id)) await this.#safely(id, () => keyring.refresh());
    }
    if (this.#scansFolder) await this.#openLocalRings(versions);
  }

  /** Opens the rings that are only in the folder: the store gets them back, or they go with their tenants. */
  async #openLocalRings(versions: ReadonlyMap<string, number>): Promise<void> {
    this.#scansFolder = false;
    for (const id of await ringFileIds(this.#options.folder)) {
      // Whatever else somebody keeps there is theirs.
      if (isId('ten', id) && !versions.has(id)) await this.#safely(id, () => this.of(id));
    }
  }

  /** Does every step that is due in any ring, one after the other. */
  async advance(): Promise<void> {
    this.#logClockProblems();
    for (const [id, keyring] of this.#opened) {
      if (keyring.isDue()) await this.#safely(id, () => keyring.advance());
    }
  }

  /** Removes the ring of a tenant that is gone. */
  async remove(tenant: string): Promise<void> {
    const { store, folder } = this.#options;
    // First: should the store fail now, the next round meets a ring that is not open, and asks whose it is.
    this.#opened.delete(tenant);
    for (;;) {
      const stored = await store.get('ring', tenant);
      // Another replica may just have rotated it.
      if (!stored || (await store.remove('ring', tenant, stored.version))) break;
    }
    await removeRingFile(folder, tenant);
    this.#notify(tenant);
  }

  #logClockProblems(): void {
    const doubts = this.clockProblems();
    if (this.#clockProblemLogged === doubts.length > 0) return;
    this.#clockProblemLogged = !this.#clockProblemLogged;
    const { logger } = this.#options;
    if (!this.#clockProblemLogged) logger.info('the clock can be believed again');
    else
      logger.warn(
        { doubts },
        'no key is made to sign or dropped by this clock; set it right (NTP) and restart this server',
      );
  }

  /** What is wrong with one ring keeps no other from its turn, and a ring that is nobody's has none. */
  async #safely(id: string, work: () => Promise<unknown>): Promise<void> {
    try {
      if (!(await this.#removeIfOrphaned(id))) await work();
    } catch (err) {
      this.#options.logger.error(
        { err, ring: id },
        'a key ring cannot be followed; going on with what is at hand',
      );
    }
  }

  /**
   * Removes the ring if its tenant is gone: the deletion was cut short, or a replica that did not know yet gave it back.
   * Never while a connection is registered with it: then it is the tenant's record that was lost.
   */
  async #removeIfOrphaned(id: string): Promise<boolean> {
    const { hasTenant, mayCreate, logger } = this.#options;
    if (id === mainRing || (await hasTenant(id)) || !(await mayCreate(id))) return false;
    await this.remove(id);
    logger.info({ ring: id }, 'the tenant of a key ring is gone, and so is the ring');
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

/** Opening a ring waits for the disk most of the time. */
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
    // A wrong key-encryption key shows at the main ring, at the start.
    checkOnOpen: id === mainRing,
    record: (change) => options.record(id, change),
    obstacles: (key) => options.obstacles(id, key),
    onPostponed: (waiting) => options.onPostponed(id, waiting),
  });
