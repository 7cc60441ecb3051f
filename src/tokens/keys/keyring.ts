/** The ring in use: who signs now, and what is done to it, by an administrator or by whichever replica comes first. */
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { KeyBackend } from './backend.ts';
import { activationEvent, changeWith, keyEvent } from './changes.ts';
import { type Clock, clockFault, ringClockConflict } from './clock.ts';
import { newKeyRecord } from './new-key.ts';
import { type PostponedKey, PropagationCheck, type PropagationCheckOptions } from './propagation-check.ts';
import { clockNotTrusted, nextKeyMissing, nextKeyNotPropagated, nextKeyNotReady } from './refusals.ts';
import { type Change, ReplicatedRing, type ReplicatedRingOptions } from './replicated.ts';
import { RetiringKeys } from './retiring-keys.ts';
import { nextRewrap } from './rewrap.ts';
import {
  activate,
  addKey,
  dueAt,
  isReady,
  type KeyRecord,
  keyIn,
  mayFinish,
  missingNextKey,
  nextStep,
  type PublicJwk,
  publishedKeys,
  type Ring,
  readyAt,
  removeKey,
  revoke,
  type Step,
  scheduleActivation,
  successorOf,
  type Timing,
} from './ring.ts';

export interface KeyringOptions extends ReplicatedRingOptions, PropagationCheckOptions, Clock {
  readonly backend: KeyBackend;
  readonly algorithms: readonly Algorithm[];
  readonly timing: Timing;
  /**
   * Whether every private half is tried before anything else is done; otherwise before the ring is first changed, which
   * lets a thousand rings be opened in seconds.
   */
  readonly checkOnOpen: boolean;
}

export class Keyring {
  readonly #options: KeyringOptions;
  readonly #ring: ReplicatedRing;
  readonly #retiring = new RetiringKeys();
  readonly #propagation: PropagationCheck;
  #checked = false;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: KeyringOptions, ring: ReplicatedRing) {
    this.#options = options;
    this.#ring = ring;
    this.#propagation = new PropagationCheck(options);
    ring.onChange((before, after) => this.#retiring.update(before, after, options.now()));
  }

  /**
   * Finds the ring in the store or in this replica's copy, whichever is newer, and makes the first keys only where
   * there is neither and nothing was ever registered. Rejects with `key_material_unusable` or `state_unusable`.
   */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const ring = await ReplicatedRing.load(options);
    const keyring = new Keyring(options, ring);
    if (options.checkOnOpen) await keyring.#check();
    await keyring.refresh();
    // A key whose turn has come waits for the first round: now nobody is served yet who could see it.
    await keyring.#exclusively(() => keyring.#advance(() => true));
    return keyring;
  }

  /** `shared`, or the id of the tenant whose own keys these are. */
  get id(): string {
    return this.#options.id;
  }

  /** Public keys in the order in which they are published. */
  jwks(): readonly PublicJwk[] {
    return publishedKeys(this.#ring.current);
  }

  /** Every key with its state, revoked ones included. */
  list(): readonly KeyRecord[] {
    return this.#ring.current.keys;
  }

  get timing(): Timing {
    return this.#options.timing;
  }

  /** The key that signs for this algorithm; throws `keys_unavailable` when none does. */
  active(alg: Algorithm): KeyRecord {
    const key = keyIn(this.#ring.current, alg, 'active');
    if (!key)
      throw new SojournError('keys_unavailable', { detail: `No ${alg} key is active.`, retryAfter: 5 });
    return key;
  }

  /** Next keys that are held back, as this replica last saw it. */
  get postponed(): readonly PostponedKey[] {
    return this.#propagation.postponed;
  }

  /** Why no key is made to sign or dropped by this server's clock, for the operator; undefined while it is believed. */
  get clockProblem(): string | undefined {
    return clockFault(this.#options) ?? ringClockConflict(this.#ring.current, this.id, this.#options);
  }

  /** For how long the store has not been seen, in milliseconds, and whether that is too long to sign. */
  staleness(): { readonly ms: number; readonly stale: boolean } {
    const { now, timing } = this.#options;
    const ms = now() - this.#ring.lastReadAt;
    return { ms, stale: ms > timing.staleAfter };
  }

  /**
   * A JWS signature over `data`. A key just retired may still finish what was begun with it. Rejects with
   * `keys_unavailable` for any other key, and when this replica no longer knows what others did to the ring.
   */
  async sign(kid: string, data: Uint8Array): Promise<Uint8Array> {
    const { backend, now } = this.#options;
    const { ms, stale } = this.staleness();
    if (stale) {
      throw new SojournError('keys_unavailable', {
        detail: `The store has not been seen for ${Math.floor(ms / 1000)} s, and the signing keys may have changed.`,
        retryAfter: 5,
      });
    }
    const record = this.#ring.current.keys.find((key) => key.kid === kid);
    const finishing = record && mayFinish(record, now()) && this.#retiring.find(kid);
    const key = record?.state === 'active' ? record : finishing;
    if (!key) {
      throw new SojournError('keys_unavailable', { detail: `The key ${kid} is not active.`, retryAfter: 1 });
    }
    return backend.sign(key, data);
  }

  /** Called after each change of the ring, also one that another replica made. */
  onChange(listener: () => void): void {
    this.#ring.onChange(() => listener());
  }

  /** Takes over what other replicas changed; gives back to the store, or to our folder, what it lost. */
  refresh(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#ring.refresh();
      await this.#ring.change((ring) => nextRewrap(ring, this.#options.backend));
    });
  }

  /** Takes note that nobody changed the ring until `at`; false when there is something to be read. */
  confirmUnchanged(version: number, at: number): boolean {
    return this.#ring.confirmUnchanged(version, at);
  }

  /** Whether `advance` has something to do or to look for. Cheap. */
  isDue(): boolean {
    return this.#step(this.#ring.current) !== undefined || this.postponed.length > 0;
  }

  /** Does every step that is due. Any number of replicas may do this at once. */
  async advance(): Promise<void> {
    // Looking around takes time, in which changes of others are still followed.
    const held = await this.#propagation.findPostponed(this.#due());
    return this.#exclusively(() => this.#advance((kid) => held.has(kid)));
  }

  /**
   * Lets the published next key of every algorithm sign from `at` on (milliseconds), or from now on, also where the ring
   * has times ahead of the clock: an administrator has looked at it. Rejects with `keys_unavailable` when the clock was
   * set since the start, with `key_not_ready` when a key is not made yet or would be too young then, and
   * with `key_not_propagated` when one is not found where verifiers look; `override` passes over the latter.
   */
  async rotate({ at, override = false }: { at?: number; override?: boolean } = {}): Promise<void> {
    const { algorithms, timing, now, obstacles } = this.#options;
    const fault = clockFault(this.#options);
    if (fault && at === undefined) throw clockNotTrusted(fault);
    await this.refresh();
    const next = this.#next();
    const lacking = algorithms.find((alg) => !next.some((key) => key.alg === alg));
    if (lacking) throw nextKeyMissing(lacking);
    const young = next.find((key) => !isReady(key, timing, at ?? now()));
    if (young) throw nextKeyNotReady(young, readyAt(young, timing), now());
    if (at === undefined && !override) {
      for (const key of next) {
        const found = await obstacles(key.jwk);
        if (found.length > 0) throw nextKeyNotPropagated(key, found);
      }
    }
    return this.#exclusively(async () => {
      await this.#check();
      const kids = new Set(next.map(({ kid }) => kid));
      await this.#ring.change(async (ring) => {
        const waiting = ring.keys.filter((key) => kids.has(key.kid) && key.state === 'next');
        if (at !== undefined)
          return waiting.some((key) => key.activate_at !== at)
            ? { ring: scheduleActivation(ring, at) }
            : undefined;
        const [first] = waiting;
        return first && changeWith(activate(ring, first.kid, now()), keyEvent('key.activated', first));
      });
      if (at === undefined) await this.#advance();
    });
  }

  /** Takes back what `rotate` has planned and not done yet: the next keys sign in their turn. */
  cancelRotation(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#ring.refresh();
      await this.#ring.change(async (ring) =>
        ring.keys.some((key) => key.activate_at !== null)
          ? { ring: scheduleActivation(ring, null) }
          : undefined,
      );
    });
  }

  /**
   * Takes a key out of the JWKS for good; the published next key signs from now on, and the one after it is made also where
   * the ring has times ahead of the clock: an administrator has looked at it. Rejects with `key_not_found`.
   */
  revoke(kid: string): Promise<void> {
    return this.#exclusively(async () => {
      await this.#ring.refresh();
      await this.#ring.change(async (ring) => {
        const key = ring.keys.find((candidate) => candidate.kid === kid);
        if (!key) throw new SojournError('key_not_found', { detail: `There is no key ${kid}.` });
        if (key.state === 'revoked') return undefined;
        const after = revoke(ring, kid, this.#options.now());
        const successor = successorOf(ring, kid);
        return changeWith(
          after,
          keyEvent('key.revoked', key),
          ...(successor ? [activationEvent(successor, this.#options)] : []),
        );
      });
      await this.#advance(undefined, true);
    });
  }

  /** Before anything is written: a ring that we cannot sign with stays exactly as it is. */
  async #check(): Promise<void> {
    if (this.#checked) return;
    for (const key of this.list()) if (key.sealed !== null) await this.#options.backend.check(key);
    this.#checked = true;
  }

  #next(): KeyRecord[] {
    return this.#options.algorithms
      .map((alg) => keyIn(this.#ring.current, alg, 'next'))
      .filter((key) => key !== undefined);
  }

  /** The next keys whose turn has come while another still signs. */
  #due(): KeyRecord[] {
    const { timing, now } = this.#options;
    if (this.clockProblem !== undefined) return [];
    return this.#next().filter((key) => {
      const active = keyIn(this.#ring.current, key.alg, 'active');
      return active && now() >= dueAt(active, key, timing);
    });
  }

  #step(ring: Ring, held?: (kid: string) => boolean, ordered = false): Step | undefined {
    const { algorithms, timing, now } = this.#options;
    const fault = clockFault(this.#options);
    const due = nextStep(ring, algorithms, timing, fault ? undefined : now(), held);
    return due ?? (ordered && !fault ? missingNextKey(ring, algorithms) : undefined);
  }

  #advance(held?: (kid: string) => boolean, ordered = false): Promise<void> {
    return this.#ring.change(async (ring) => {
      const step = this.#step(ring, held, ordered);
      if (!step) return undefined;
      await this.#check();
      if (step.step === 'create') return this.#create(ring, step.alg, step.state);
      const key = ring.keys.find((candidate) => candidate.kid === step.kid);
      if (!key) return undefined;
      if (step.step === 'remove') return changeWith(removeKey(ring, key.kid), keyEvent('key.removed', key));
      return changeWith(activate(ring, key.kid, this.#options.now()), activationEvent(key, this.#options));
    });
  }

  async #create(ring: Ring, alg: Algorithm, state: 'next' | 'active'): Promise<Change> {
    const { backend, now } = this.#options;
    const key = newKeyRecord(await backend.createKey(alg), state, now());
    return changeWith(addKey(ring, key), keyEvent('key.created', key));
  }

  /** One thing at a time within this process; between processes the compare-and-swap decides. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}
