/** A ring that is saved twice: in the store, where all replicas change it, and in the local ring file of this replica. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyBackend } from './backend.ts';
import { checkKeys } from './check-keys.ts';
import { parseRing, storable } from './parse.ts';
import { type Ring, ringToRestore } from './ring.ts';
import { readRingFile, ringFilePath, writeRingFile } from './ring-file.ts';
import { journalRing, readStoredRing, type StoredRing, writeStoredRing } from './stored-ring.ts';

export interface RingChange {
  readonly event: 'key.created' | 'key.activated' | 'key.removed' | 'key.revoked' | 'key.rewrapped';
  readonly kid: string;
  readonly alg: Algorithm;
  /** The key was activated before its publish_lead ended, because no other key could sign. */
  readonly publishLeadSkipped?: true;
}

export interface Change {
  /** Absent if only a schedule changed, which is no event of a key. */
  readonly events?: readonly RingChange[];
  readonly ring: Ring;
}

export interface ReplicatedRingOptions {
  readonly store: Store;
  /** The id of the ring in the store. */
  readonly id: string;
  /** Whether a missing ring may be created. It may not once customers trust the missing keys. */
  readonly mayCreate: () => Promise<boolean>;
  /** The folder of the local ring files. */
  readonly folder: string;
  readonly logger: Logger;
  readonly now: Now;
  /** Called for every change that this replica made, before `change` resolves. */
  readonly record: (change: RingChange) => Promise<void>;
}

/** Limit of consecutive lost races. Replicas soon agree on the ring, so more lost races mean a fault. */
const maxTries = 50;

export class ReplicatedRing {
  readonly #options: ReplicatedRingOptions;
  #ring: Ring;
  #lastReadAt: number;
  /** The store version that holds the current ring; undefined if unknown. */
  #version: number | undefined;
  readonly #listeners: ((ring: Ring) => void)[] = [];

  private constructor(options: ReplicatedRingOptions, ring: Ring) {
    this.#options = options;
    this.#ring = ring;
    this.#lastReadAt = options.now();
  }

  /**
   * Loads the newer ring of the store and the local file. Returns an empty ring only if both have none and `mayCreate`
   * allows it. Writes nothing. Rejects with `key_material_unusable` or `state_unusable`.
   */
  static async load(options: ReplicatedRingOptions): Promise<ReplicatedRing> {
    const { store, folder, id } = options;
    const local = await readRingFile(folder, id);
    const shared = await readStoredRing(store, id);
    if (!local && !shared && !(await options.mayCreate())) {
      throw id === journalRing
        ? new SojournError('state_unusable', {
            detail: `The audit log has a signed checkpoint, but its key is not in the store or in ${ringFilePath(folder, id)}.`,
            advice:
              'Restore the keys from a backup. The checkpoints of a new key would prove nothing about this log.',
          })
        : new SojournError('state_unusable', {
            detail: `The issuer exists, but its signing keys are neither in the store nor in ${ringFilePath(folder, id)}.`,
            advice:
              'Restore the keys from a backup. New keys would lock out every customer until they trust them.',
          });
    }
    if (local && shared) assertSameRing(local, shared.ring, ringFilePath(folder, id));
    return new ReplicatedRing(options, newer(shared?.ring, local) ?? emptyRing());
  }

  get current(): Ring {
    return this.#ring;
  }

  /** When the ring was last read from the store, in milliseconds. Later changes by other replicas are unknown here. */
  get lastReadAt(): number {
    return this.#lastReadAt;
  }

  onChange(listener: (ring: Ring) => void): void {
    this.#listeners.push(listener);
  }

  /** Changes the ring by compare-and-swap until `decide` returns undefined. Each call of `decide` gets the newest ring. */
  async change(decide: (ring: Ring) => Promise<Change | undefined>): Promise<void> {
    const { record } = this.#options;
    for (let lostRaces = 0; lostRaces < maxTries; ) {
      const change = await decide(this.#ring);
      if (!change) return;
      const startedAt = this.#options.now();
      const shared = await this.#read();
      const untouched = shared ? isDeepStrictEqual(shared.ring, this.#ring) : this.#ring.revision === 0;
      // Parsed as other replicas will parse it: every replica serves the same bytes, and none refuses the ring.
      const ring = await parseRing(storable(change.ring), 'The changed key ring');
      if (untouched && (await this.#swap(shared, ring))) {
        this.#adopt(ring);
        this.#markRead((shared?.version ?? 0) + 1, startedAt);
        for (const what of change.events ?? []) await record(what);
        lostRaces = 0;
      } else {
        await this.refresh();
        lostRaces++;
      }
    }
    throw new SojournError('keys_unavailable', {
      detail: 'Other replicas keep changing the key ring.',
      retryAfter: 5,
    });
  }

  /** Reads the changes of other replicas, and restores a ring that the store or the local folder has lost. */
  async refresh(): Promise<void> {
    const { store, folder, id, logger, now } = this.#options;
    const startedAt = now();
    const shared = await this.#read();
    if (shared && this.#ring.revision > 0) assertSameRing(this.#ring, shared.ring, ringFilePath(folder, id));
    // On equal revisions the store wins. This comes before the local file is read: a bad disk must not stop updates.
    if (shared && shared.ring.revision >= this.#ring.revision) {
      this.#adopt(shared.ring);
      this.#markRead(shared.version, startedAt);
    }
    const local = await readRingFile(folder, id);
    if (local && shared) assertSameRing(local, shared.ring, ringFilePath(folder, id));
    if (local && local.revision > this.#ring.revision) this.#adopt(local);
    if (this.#ring.revision === 0) return;
    // A store that has lost more than a ring stays as it is until that is accepted.
    const mayRestore =
      store.continuity.fault === undefined && (shared !== undefined || (await store.log.continues()));
    if (mayRestore && this.#ring.revision > (shared?.ring.revision ?? 0)) {
      logger.warn(
        { revision: this.#ring.revision, stored_revision: shared?.ring.revision ?? null },
        'the store has lost the key ring or its last changes; restoring it from this replica',
      );
      this.#adopt(ringToRestore(this.#ring, shared?.ring, now()));
      if (await writeStoredRing(store, id, shared?.version, this.#ring))
        this.#markRead((shared?.version ?? 0) + 1, startedAt);
    }
    if (isDeepStrictEqual(local, this.#ring)) return;
    if (local?.revision === this.#ring.revision) this.#logDrift(local);
    await writeRingFile(folder, id, this.#ring);
  }

  /** An older local file is normal. A different one of the same revision was changed by another program. */
  #logDrift(local: Ring): void {
    const { folder, id, logger } = this.#options;
    const kids = [...local.keys, ...this.#ring.keys]
      .filter((key) => !isSameKey(local, this.#ring, key.kid))
      .map(({ kid }) => kid);
    logger.warn(
      { file: ringFilePath(folder, id), revision: local.revision, kids: [...new Set(kids)] },
      'the local ring file differs from the store at the same revision; replacing it',
    );
  }

  #read(): Promise<StoredRing | undefined> {
    return readStoredRing(this.#options.store, this.#options.id);
  }

  /** Called only after the ring of this version was adopted; otherwise `confirmUnchanged` would skip reading it. */
  #markRead(version: number, time: number): void {
    this.#version = version;
    this.#lastReadAt = time;
  }

  /** Records that the store had this version at `time`; returns false if it is another version, which must be read. */
  confirmUnchanged(version: number, time: number): boolean {
    if (version !== this.#version) return false;
    this.#lastReadAt = time;
    return true;
  }

  /**
   * Writes the local file first, so that a key that others may see is never only in the store. The first keys are an
   * exception: two replicas may create them at once, and the loser's file would hold a ring that never existed. The next
   * step writes it.
   */
  async #swap(shared: StoredRing | undefined, ring: Ring): Promise<boolean> {
    const { store, folder, id } = this.#options;
    if (!shared) return writeStoredRing(store, id, undefined, ring);
    await writeRingFile(folder, id, ring);
    try {
      return await writeStoredRing(store, id, shared.version, ring);
    } catch (error) {
      // Otherwise a change that the store did not accept would come back from the local file later.
      await writeRingFile(folder, id, shared.ring).catch(() => undefined);
      throw error;
    }
  }

  #adopt(ring: Ring): void {
    this.#version = undefined;
    if (isDeepStrictEqual(ring, this.#ring)) return;
    this.#ring = ring;
    for (const listener of this.#listeners) listener(ring);
  }
}

const isSameKey = (a: Ring, b: Ring, kid: string): boolean =>
  isDeepStrictEqual(...([a, b].map(({ keys }) => keys.find((key) => key.kid === kid)) as [unknown, unknown]));

const emptyRing = (): Ring => ({ id: randomBytes(16).toString('base64url'), revision: 0, keys: [] });

function newer(a: Ring | undefined, b: Ring | undefined): Ring | undefined {
  return b && b.revision > (a?.revision ?? 0) ? b : a;
}

/**
 * Rejects with `key_material_unusable` if the store and the local file have different rings, or if the backend cannot decrypt the
 * keys of the newer one. A backend without a key-encryption key is asked later. Writes nothing.
 */
export async function requireUsableRing(
  store: Store,
  id: string,
  { folder, backend, storeName }: { folder: string; backend: KeyBackend; storeName: string },
): Promise<void> {
  const [local, shared] = [await readRingFile(folder, id), await readStoredRing(store, id)];
  const file = ringFilePath(folder, id);
  if (local && shared) assertSameRing(local, shared.ring, file);
  const ring = newer(shared?.ring, local);
  if (ring && backend.macs) await checkKeys(ring.keys, backend, ring === local ? file : storeName);
}

/** Rejects two different rings: replacing one would lock out every customer who trusts it. */
function assertSameRing(ours: Ring, shared: Ring, file: string): void {
  if (ours.id === shared.id) return;
  throw new SojournError('key_material_unusable', {
    detail: `The store and ${file} have different key rings. Both are unchanged.`,
    advice:
      'Set `store` and `keys.path` to the store and the folder of the same server. If the ring in the store is the right one, move the file away.',
  });
}
