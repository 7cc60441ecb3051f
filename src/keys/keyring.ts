/** The ring in use: who signs now, and what is done to it, by an administrator or by whichever replica comes first. */
import type { Algorithm } from '../clouds/index.ts';
import { SojournError } from '../errors/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';
import type { Holder } from './holder.ts';
import { type Change, ReplicatedRing, type ReplicatedRingOptions, type RingChange } from './replicated.ts';
import {
  activate,
  add,
  drop,
  type KeyRecord,
  keyIn,
  mayFinish,
  nextStep,
  type PublicJwk,
  published,
  type Ring,
  ready,
  readyAt,
  revoke,
  type Timing,
} from './ring.ts';

export interface KeyringOptions extends ReplicatedRingOptions {
  readonly holder: Holder;
  readonly algorithms: readonly Algorithm[];
  readonly timing: Timing;
  readonly now: Now;
}

export class Keyring {
  readonly #options: KeyringOptions;
  readonly #ring: ReplicatedRing;
  /** Keys just retired, as they were while they signed: a retired record has no private half any more. */
  #leaving: readonly KeyRecord[] = [];
  #before: Promise<unknown> = Promise.resolve();

  private constructor(options: KeyringOptions, ring: ReplicatedRing) {
    this.#options = options;
    this.#ring = ring;
    ring.onChange((before, after) => this.#keepLeaving(before, after));
  }

  /**
   * Finds the ring in the store or in this replica's copy, whichever is newer, and makes the first keys only where
   * there is neither and nothing was ever registered. Rejects with `key_material_unusable` or `state_unusable`.
   */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const ring = await ReplicatedRing.find(options);
    // Before anything is written: a ring that we cannot sign with stays exactly as it is.
    for (const key of ring.now.keys) if (key.sealed !== null) await options.holder.check(key);
    const keyring = new Keyring(options, ring);
    await keyring.refresh();
    await keyring.advance();
    return keyring;
  }

  /** Public keys in the order in which they are published. */
  jwks(): readonly PublicJwk[] {
    return published(this.#ring.now);
  }

  /** Every key with its state, revoked ones included. */
  list(): readonly KeyRecord[] {
    return this.#ring.now.keys;
  }

  get timing(): Timing {
    return this.#options.timing;
  }

  /** The key that signs for this algorithm; throws `keys_unavailable` when none does. */
  active(alg: Algorithm): KeyRecord {
    const key = keyIn(this.#ring.now, alg, 'active');
    if (!key)
      throw new SojournError('keys_unavailable', { detail: `No ${alg} key is active.`, retryAfter: 5 });
    return key;
  }

  /** A JWS signature over `data`. A key just retired may still finish what was begun with it. */
  async sign(kid: string, data: Uint8Array): Promise<Uint8Array> {
    const { holder, now } = this.#options;
    const record = this.#ring.now.keys.find((key) => key.kid === kid);
    const finishing = record && mayFinish(record, now()) && this.#leaving.find((key) => key.kid === kid);
    const key = record?.state === 'active' ? record : finishing;
    if (!key) {
      throw new SojournError('keys_unavailable', { detail: `The key ${kid} is not active.`, retryAfter: 1 });
    }
    return holder.sign(key, data);
  }

  /** Called after each change of the ring, also one that another replica made. */
  onChange(listener: () => void): void {
    this.#ring.onChange(() => listener());
  }

  /** Takes over what other replicas changed; gives back to the store, or to our folder, what it lost. */
  refresh(): Promise<void> {
    return this.#alone(() => this.#ring.refresh());
  }

  /** Does every step that is due. Any number of replicas may do this at once. */
  advance(): Promise<void> {
    return this.#alone(() => this.#advance());
  }

  /** Activates the published next key of every algorithm now; rejects with `key_not_ready` while one is too young. */
  rotate(): Promise<void> {
    return this.#alone(async () => {
      const { algorithms, timing, now } = this.#options;
      await this.#ring.refresh();
      const next = algorithms
        .map((alg) => keyIn(this.#ring.now, alg, 'next'))
        .filter((key) => key !== undefined);
      for (const key of next)
        if (!ready(key, timing, now())) throw notReady(key, readyAt(key, timing), now());
      const kids = new Set(next.map((key) => key.kid));
      await this.#ring.change(async (ring) => {
        const waiting = ring.keys.find((key) => kids.has(key.kid) && key.state === 'next');
        return waiting && changeTo('key.activated', waiting, activate(ring, waiting.kid, now()));
      });
      await this.#advance();
    });
  }

  /** Takes a key out of the JWKS for good; the published next key signs from now on. Rejects with `key_not_found`. */
  revoke(kid: string): Promise<void> {
    return this.#alone(async () => {
      await this.#ring.refresh();
      await this.#ring.change(async (ring) => {
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
    const { algorithms, timing, now, logger } = this.#options;
    return this.#ring.change(async (ring) => {
      const step = nextStep(ring, algorithms, timing, now());
      if (!step) return undefined;
      if (step.step === 'make') return this.#make(ring, step.alg, step.state);
      const key = ring.keys.find((candidate) => candidate.kid === step.kid);
      if (!key) return undefined;
      if (step.step === 'drop') return changeTo('key.dropped', key, drop(ring, key.kid));
      if (!ready(key, timing, now())) {
        logger.warn(
          { kid: key.kid, alg: key.alg, published_at: toTimestamp(key.published_at) },
          'a key signs before it was published for long enough, because no other can',
        );
      }
      return changeTo('key.activated', key, activate(ring, key.kid, now()));
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

  #keepLeaving(before: Ring, after: Ring): void {
    const now = this.#options.now();
    const finishing = new Set(after.keys.filter((key) => mayFinish(key, now)).map((key) => key.kid));
    this.#leaving = [...this.#leaving, ...before.keys].filter(
      ({ kid, sealed }) => sealed !== null && finishing.has(kid),
    );
  }

  /** One thing at a time within this process; between processes the compare-and-swap decides. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#before.then(work);
    this.#before = done.catch(() => undefined);
    return done;
  }
}

const changeTo = (event: RingChange['event'], { kid, alg }: KeyRecord, ring: Ring): Change => ({
  what: { event, kid, alg },
  ring,
});

function notReady(key: KeyRecord, at: number, now: number): SojournError {
  return new SojournError('key_not_ready', {
    detail: `The next ${key.alg} key ${key.kid} may sign from ${toTimestamp(at)} on.`,
    retryAfter: Math.ceil((at - now) / 1000),
  });
}
