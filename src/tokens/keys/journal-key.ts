/**
 * The key that signs the checkpoints of the audit log: a ring of its own with one ES256 key, which is never rotated and is in
 * no JWKS. As a ring, it is in the store and in a local file, `keys/journal.json`, and each is restored from the other.
 */
import type { KeyBackend } from './backend.ts';
import { changeWith, keyEvent } from './changes.ts';
import { newKeyRecord } from './new-key.ts';
import { ReplicatedRing, type ReplicatedRingOptions } from './replicated.ts';
import { nextRewrap } from './rewrap.ts';
import { addKey, type KeyRecord, keyIn, type PublicJwk } from './ring.ts';
import { journalRing } from './stored-ring.ts';

export interface JournalKeyOptions extends Omit<ReplicatedRingOptions, 'id'> {
  readonly backend: KeyBackend;
}

export class JournalKey {
  readonly #options: JournalKeyOptions;
  #ring: ReplicatedRing | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: JournalKeyOptions) {
    this.#options = options;
  }

  /** Undefined before the first `refresh`. */
  get jwk(): PublicJwk | undefined {
    return this.#key?.jwk;
  }

  get #key(): KeyRecord | undefined {
    return this.#ring && keyIn(this.#ring.current, 'ES256', 'active');
  }

  /**
   * Reads the key, creates it if there is none, restores it where it is missing, and rewraps it under the current
   * key-encryption key. Rejects as the store and the key backend do; with `key_material_unusable` if the store and the local
   * file have different keys, or a damaged one; and with `state_unusable` if neither has the key and `mayCreate` does not
   * allow a new one.
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { backend, now } = this.#options;
    this.#ring ??= await ReplicatedRing.load({ ...this.#options, id: journalRing });
    await this.#ring.refresh();
    await this.#ring.change(async (ring) => {
      if (ring.revision > 0) return nextRewrap(ring, backend);
      const key = newKeyRecord(await backend.createKey('ES256'), 'active', now());
      return changeWith(addKey(ring, key), keyEvent('key.created', key));
    });
    // The first key is written to the store alone; this adds the local file.
    await this.#ring.refresh();
  }

  /** The signature as r||s, and its key. Rejects as `refresh` and the key backend do. */
  async sign(data: Uint8Array): Promise<{ readonly jwk: PublicJwk; readonly signature: Uint8Array }> {
    if (!this.#key) await this.refresh();
    const key = this.#key!;
    return { jwk: key.jwk, signature: await this.#options.backend.sign(key, data) };
  }
}
