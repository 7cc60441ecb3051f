/** The ring, kept twice: in the store, where all replicas change it, and in this replica's copy on disk. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { parseRing, storable } from './parse.ts';
import { type Ring, ringToRestore } from './ring.ts';
import { readRingFile, ringFilePath, writeRingFile } from './ring-file.ts';
import { readStoredRing, type StoredRing, writeStoredRing } from './stored-ring.ts';

export interface RingChange {
  readonly event: 'key.created' | 'key.activated' | 'key.removed' | 'key.revoked' | 'key.rewrapped';
  readonly kid: string;
  readonly alg: Algorithm;
  /** It signs before it was published for long enough, because no other can. */
  readonly publishLeadSkipped?: true;
}

export interface Change {
  /** Absent for a plan: nothing has happened to a key yet. */
  readonly events?: readonly RingChange[];
  readonly ring: Ring;
}

export interface ReplicatedRingOptions {
  readonly store: Store;
  /** Its name in the store. */
  readonly id: string;
  /** Whether a ring may be made where none is found: not once customers trust the keys that are missing. */
  readonly mayCreate: () => Promise<boolean>;
  /** Where this replica keeps its own copy. */
  readonly folder: string;
  readonly logger: Logger;
  readonly now: Now;
  /** Told of every change that this replica made, before the caller is. */
  readonly record: (change: RingChange) => Promise<void>;
}

/** Lost races in a row. Each was won by another replica, and all of them soon want the same; more means a fault. */
const maxTries = 50;

export class ReplicatedRing {
  readonly #options: ReplicatedRingOptions;
  #ring: Ring;
  #lastReadAt: number;
  /** Of the document in the store that is the ring at hand; undefined while none is known to be. */
  #version: number | undefined;
  readonly #listeners: ((before: Ring, after: Ring) => void)[] = [];

  private constructor(options: ReplicatedRingOptions, ring: Ring) {
    this.#options = options;
    this.#ring = ring;
    this.#lastReadAt = options.now();
  }

  /**
   * The newer one of the two; an empty ring only where there is neither and nothing was ever registered. Writes nothing.
   * Rejects with `key_material_unusable` or `state_unusable`.
   */
  static async load(options: ReplicatedRingOptions): Promise<ReplicatedRing> {
    const { store, folder, id } = options;
    const copy = await readRingFile(folder, id);
    const shared = await readStoredRing(store, id);
    if (!copy && !shared && !(await options.mayCreate())) {
      throw new SojournError('state_unusable', {
        detail: `The store has connections, but there are no signing keys for them in it nor in ${ringFilePath(folder, id)}.`,
        advice:
          'Restore the keys from a backup: new keys would lock every customer out until they trust them.',
      });
    }
    if (copy && shared) assertSameRing(copy, shared.ring, ringFilePath(folder, id));
    return new ReplicatedRing(options, newer(shared?.ring, copy) ?? emptyRing());
  }

  get current(): Ring {
    return this.#ring;
  }

  /** When the store was last read and taken over, in milliseconds: what others did later is not known here. */
  get lastReadAt(): number {
    return this.#lastReadAt;
  }

  onChange(listener: (before: Ring, after: Ring) => void): void {
    this.#listeners.push(listener);
  }

  /** Changes the ring by compare-and-swap until `decide` wants no more, each time from the newest ring. */
  async change(decide: (ring: Ring) => Promise<Change | undefined>): Promise<void> {
    const { record } = this.#options;
    for (let lost = 0; lost < maxTries; ) {
      const change = await decide(this.#ring);
      if (!change) return;
      const begun = this.#options.now();
      const shared = await this.#read();
      const untouched = shared ? isDeepStrictEqual(shared.ring, this.#ring) : this.#ring.revision === 0;
      // In the form in which others will read it: the same bytes in every replica's JWKS, and nothing they would refuse.
      const ring = await parseRing(storable(change.ring), 'The changed key ring');
      if (untouched && (await this.#swap(shared, ring))) {
        this.#adopt(ring);
        this.#markRead((shared?.version ?? 0) + 1, begun);
        for (const what of change.events ?? []) await record(what);
        lost = 0;
      } else {
        await this.refresh();
        lost++;
      }
    }
    throw new SojournError('keys_unavailable', {
      detail: 'The key ring is being changed by others all the time.',
      retryAfter: 5,
    });
  }

  /** Takes over what other replicas changed; gives back to the store, or to our folder, what it lost. */
  async refresh(): Promise<void> {
    const { store, folder, id, logger, now } = this.#options;
    const begun = now();
    const shared = await this.#read();
    if (shared && this.#ring.revision > 0) assertSameRing(this.#ring, shared.ring, ringFilePath(folder, id));
    // On equal revisions the store decides. Before the copy is looked at: a bad disk must not keep us from following.
    if (shared && shared.ring.revision >= this.#ring.revision) {
      this.#adopt(shared.ring);
      this.#markRead(shared.version, begun);
    }
    const copy = await readRingFile(folder, id);
    if (copy && shared) assertSameRing(copy, shared.ring, ringFilePath(folder, id));
    if (copy && copy.revision > this.#ring.revision) this.#adopt(copy);
    if (this.#ring.revision === 0) return;
    if (this.#ring.revision > (shared?.ring.revision ?? 0)) {
      logger.warn(
        { revision: this.#ring.revision, found: shared?.ring.revision ?? null },
        'the store had lost the key ring; it gets it back from this replica',
      );
      this.#adopt(ringToRestore(this.#ring, shared?.ring, now()));
      if (await writeStoredRing(store, id, shared?.version, this.#ring))
        this.#markRead((shared?.version ?? 0) + 1, begun);
    }
    if (isDeepStrictEqual(copy, this.#ring)) return;
    if (copy?.revision === this.#ring.revision) this.#logDrift(copy);
    await writeRingFile(folder, id, this.#ring);
  }

  /** A copy that is behind is nothing new; one of the same revision was changed by something that is not this program. */
  #logDrift(copy: Ring): void {
    const { folder, id, logger } = this.#options;
    const kids = [...copy.keys, ...this.#ring.keys]
      .filter((key) => !sameKey(copy, this.#ring, key.kid))
      .map(({ kid }) => kid);
    logger.warn(
      { file: ringFilePath(folder, id), revision: copy.revision, kids: [...new Set(kids)] },
      'the copy of the key ring is not what the store holds at this revision; it is replaced',
    );
  }

  #read(): Promise<StoredRing | undefined> {
    return readStoredRing(this.#options.store, this.#options.id);
  }

  /** Only after its ring was taken: a version that was read and no more would keep the ring from being read again. */
  #markRead(version: number, at: number): void {
    this.#version = version;
    this.#lastReadAt = at;
  }

  /** Takes note that the store had this version at `at`; false when there is something to be read there. */
  confirmUnchanged(version: number, at: number): boolean {
    if (version !== this.#version) return false;
    this.#lastReadAt = at;
    return true;
  }

  /**
   * The copy first: a key that others may see is never only in the store. Not so the first key ever, which two replicas
   * may make at once: the slower one's copy would be of a ring that never was. The next step writes that copy.
   */
  async #swap(shared: StoredRing | undefined, ring: Ring): Promise<boolean> {
    const { store, folder, id } = this.#options;
    if (!shared) return writeStoredRing(store, id, undefined, ring);
    await writeRingFile(folder, id, ring);
    try {
      return await writeStoredRing(store, id, shared.version, ring);
    } catch (error) {
      // Or a change that was refused would come back from the copy later.
      await writeRingFile(folder, id, shared.ring).catch(() => undefined);
      throw error;
    }
  }

  #adopt(ring: Ring): void {
    this.#version = undefined;
    const before = this.#ring;
    if (isDeepStrictEqual(ring, before)) return;
    this.#ring = ring;
    for (const listener of this.#listeners) listener(before, ring);
  }
}

const sameKey = (a: Ring, b: Ring, kid: string): boolean =>
  isDeepStrictEqual(...([a, b].map(({ keys }) => keys.find((key) => key.kid === kid)) as [unknown, unknown]));

const emptyRing = (): Ring => ({ id: randomBytes(16).toString('base64url'), revision: 0, keys: [] });

function newer(a: Ring | undefined, b: Ring | undefined): Ring | undefined {
  return b && b.revision > (a?.revision ?? 0) ? b : a;
}

/** Two rings under one issuer would lock out every customer who trusts the other one, so neither replaces the other. */
function assertSameRing(ours: Ring, shared: Ring, copy: string): void {
  if (ours.id === shared.id) return;
  throw new SojournError('key_material_unusable', {
    detail: `The store holds another key ring than ${copy}; nothing was changed in either.`,
    advice:
      'Set `store` and `keys.path` to places that belong together. If the ring in the store is the right one, move the file away.',
  });
}
