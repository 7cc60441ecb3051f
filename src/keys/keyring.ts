/** The ring in use: shared through the store, copied to this replica's disk, stepped forward by whoever comes first. */
import type { Algorithm } from '../clouds/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Store } from '../store/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';
import { parseRing, readCopy, storable, writeCopy } from './copy.ts';
import type { Holder } from './holder.ts';
import {
  activate,
  add,
  drop,
  type KeyRecord,
  keyIn,
  nextStep,
  type PublicJwk,
  published,
  type Ring,
  ready,
  readyAt,
  revoke,
  type Timing,
} from './ring.ts';

export interface KeyringOptions {
  readonly store: Store;
  readonly holder: Holder;
  /** Where this replica keeps its own copy. */
  readonly folder: string;
  readonly algorithms: readonly Algorithm[];
  readonly timing: Timing;
  readonly now: Now;
  readonly logger: Logger;
  /** Told of every change that this replica made, before the caller is. */
  readonly record: (change: RingChange) => Promise<void>;
}

export interface RingChange {
  readonly event: 'key.made' | 'key.activated' | 'key.dropped' | 'key.revoked';
  readonly kid: string;
  readonly alg: Algorithm;
}

/** The document in the store; the other issuers of later days get names of their own. */
const ringId = 'shared';

/** A ring that many replicas change is contended for seconds at most; more tries mean that something is broken. */
const maxTries = 50;

/** How long a request that chose its key just before a rotation may take to sign with it. */
const graceMs = 10_000;

export class Keyring {
  readonly #options: KeyringOptions;
  #ring: Ring;
  readonly #listeners: (() => void)[] = [];
  #before: Promise<unknown> = Promise.resolve();

  private constructor(options: KeyringOptions, ring: Ring) {
    this.#options = options;
    this.#ring = ring;
  }

  /**
   * Finds the ring in the store or in this replica's copy, whichever is newer, and makes the first keys only where
   * there is neither and nothing was ever registered. Rejects with `key_material_unusable` or `state_unusable`.
   */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const { store, folder } = options;
    const copy = await readCopy(folder);
    const shared = await readShared(store);
    if (!copy && !shared && (await hasConnections(store))) {
      throw new SojournError('state_unusable', {
        detail: `The store has connections, but there are no signing keys in it nor in ${folder}.`,
        advice:
          'Restore the keys from a backup: new keys would lock every customer out until they trust them.',
      });
    }
    const keyring = new Keyring(options, shared?.ring ?? copy ?? { revision: 0, keys: [] });
    await keyring.refresh();
    await keyring.advance();
    for (const key of keyring.#ring.keys) if (key.sealed !== null) await options.holder.check(key);
    return keyring;
  }

  /** Public keys in the order in which they are published. */
  jwks(): readonly PublicJwk[] {
    return published(this.#ring);
  }

  /** Every key with its state, revoked ones included. */
  list(): readonly KeyRecord[] {
    return this.#ring.keys;
  }

  get timing(): Timing {
    return this.#options.timing;
  }

  /** The key that signs for this algorithm; throws `keys_unavailable` when none does. */
  active(alg: Algorithm): KeyRecord {
    const key = keyIn(this.#ring, alg, 'active');
    if (!key)
      throw new SojournError('keys_unavailable', { detail: `No ${alg} key is active.`, retryAfter: 5 });
    return key;
  }

  /** A JWS signature over `data`. A key just retired may still finish what was begun with it. */
  async sign(kid: string, data: Uint8Array): Promise<Uint8Array> {
    const key = this.#ring.keys.find((candidate) => candidate.kid === kid);
    const inGrace = key?.state === 'retired' && this.#options.now() - (key.retired_at ?? 0) < graceMs;
    if (!key || !(key.state === 'active' || inGrace)) {
      throw new SojournError('keys_unavailable', { detail: `The key ${kid} is not active.`, retryAfter: 1 });
    }
    return this.#options.holder.sign(key, data);
  }

  /** Called after each change of the ring, also one that another replica made. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Takes over what other replicas changed; gives back to the store, or to our folder, what it lost. */
  refresh(): Promise<void> {
    return this.#alone(() => this.#refresh());
  }

  /** Does every step that is due. Any number of replicas may do this at once. */
  advance(): Promise<void> {
    return this.#alone(() => this.#advance());
  }

  /** Activates the published next key of every algorithm now; rejects with `key_not_ready` while one is too young. */
  rotate(): Promise<void> {
    return this.#alone(async () => {
      const { algorithms, timing, now } = this.#options;
      await this.#refresh();
      const next = algorithms.map((alg) => keyIn(this.#ring, alg, 'next')).filter((key) => key !== undefined);
      for (const key of next)
        if (!ready(key, timing, now())) throw notReady(key, readyAt(key, timing), now());
      const kids = new Set(next.map((key) => key.kid));
      await this.#drive(async (ring) => {
        const waiting = ring.keys.find((key) => kids.has(key.kid) && key.state === 'next');
        return waiting && changeTo('key.activated', waiting, activate(ring, waiting.kid, now()));
      });
      await this.#advance();
    });
  }

  /** Takes a key out of the JWKS for good; the published next key signs from now on. Rejects with `key_not_found`. */
  revoke(kid: string): Promise<void> {
    return this.#alone(async () => {
      await this.#refresh();
      await this.#drive(async (ring) => {
        const key = ring.keys.find((candidate) => candidate.kid === kid);
        if (!key) throw new SojournError('key_not_found', { detail: `There is no key ${kid}.` });
        return key.state === 'revoked'
          ? undefined
          : changeTo('key.revoked', key, revoke(ring, kid, this.#options.now()));
      });
      await this.#advance();
    });
  }

  #advance(): Promise<void> {
    const { algorithms, timing, now } = this.#options;
    return this.#drive(async (ring) => {
      const step = nextStep(ring, algorithms, timing, now());
      if (!step) return undefined;
      if (step.step === 'make') return this.#make(ring, step.alg, step.state);
      const key = ring.keys.find((candidate) => candidate.kid === step.kid);
      if (!key) return undefined;
      return step.step === 'activate'
        ? changeTo('key.activated', key, activate(ring, key.kid, now()))
        : changeTo('key.dropped', key, drop(ring, key.kid));
    });
  }

  async #make(ring: Ring, alg: Algorithm, state: 'next' | 'active'): Promise<Change> {
    const { jwk, sealed } = await this.#options.holder.make(alg);
    const at = this.#options.now();
    const key: KeyRecord = {
      kid: jwk.kid,
      alg,
      state,
      jwk,
      sealed,
      published_at: at,
      activated_at: state === 'active' ? at : null,
      retired_at: null,
      revoked_at: null,
    };
    return changeTo('key.made', key, add(ring, key));
  }

  /** Changes the ring by compare-and-swap until `decide` wants no more, each time from the newest ring. */
  async #drive(decide: (ring: Ring) => Promise<Change | undefined>): Promise<void> {
    const { store, folder, record } = this.#options;
    for (let tries = 0; tries < maxTries; tries++) {
      const change = await decide(this.#ring);
      if (!change) return;
      const shared = await readShared(store);
      const untouched = (shared?.ring.revision ?? 0) === this.#ring.revision;
      // The copy first: a key that others may see is never only in the store.
      if (untouched) await writeCopy(folder, change.ring);
      if (untouched && (await writeShared(store, shared?.version, change.ring))) {
        this.#take(change.ring);
        await record(change.what);
      } else {
        await this.#refresh();
      }
    }
    throw new SojournError('keys_unavailable', {
      detail: 'The key ring is being changed by others all the time.',
      retryAfter: 5,
    });
  }

  async #refresh(): Promise<void> {
    const { store, folder, logger } = this.#options;
    const shared = await readShared(store);
    const copy = await readCopy(folder);
    // On equal revisions the store decides: a copy may hold a change that another replica overtook.
    const newest = newer(newer(shared?.ring, this.#ring), copy) ?? this.#ring;
    if (newest.revision === 0) return;
    if (newest.revision > (shared?.ring.revision ?? 0)) {
      logger.warn(
        { revision: newest.revision, found: shared?.ring.revision ?? null },
        'the store had lost the key ring; it gets it back from this replica',
      );
      await writeShared(store, shared?.version, newest);
    }
    if (JSON.stringify(copy) !== JSON.stringify(newest)) await writeCopy(folder, newest);
    this.#take(newest);
  }

  #take(ring: Ring): void {
    const changed = ring.revision !== this.#ring.revision;
    this.#ring = ring;
    if (changed) for (const listener of this.#listeners) listener();
  }

  /** One thing at a time within this process; between processes the compare-and-swap decides. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#before.then(work);
    this.#before = done.catch(() => undefined);
    return done;
  }
}

interface Change {
  readonly what: RingChange;
  readonly ring: Ring;
}

const changeTo = (event: RingChange['event'], { kid, alg }: KeyRecord, ring: Ring): Change => ({
  what: { event, kid, alg },
  ring,
});

function newer(a: Ring | undefined, b: Ring | undefined): Ring | undefined {
  return b && b.revision > (a?.revision ?? 0) ? b : a;
}

function notReady(key: KeyRecord, at: number, now: number): SojournError {
  return new SojournError('key_not_ready', {
    detail: `The next ${key.alg} key ${key.kid} may sign from ${toTimestamp(at)} on.`,
    retryAfter: Math.ceil((at - now) / 1000),
  });
}

async function readShared(store: Store): Promise<{ ring: Ring; version: number } | undefined> {
  const stored = await store.get('ring', ringId);
  return (
    stored && { ring: await parseRing(stored.value, 'The key ring in the store'), version: stored.version }
  );
}

function writeShared(store: Store, version: number | undefined, ring: Ring): Promise<boolean> {
  return version === undefined
    ? store.insert('ring', ringId, storable(ring))
    : store.replace('ring', ringId, version, storable(ring));
}

async function hasConnections(store: Store): Promise<boolean> {
  return (await store.list('connection', { limit: 1 })).items.length > 0;
}
