/** A ring in use: signs with the active key, and applies changes that are due or that an administrator requests. */
import type { Algorithm } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { KeyBackend } from './backend.ts';
import { activationEvent, changeWith, keyEvent } from './changes.ts';
import { checkKeys } from './check-keys.ts';
import { type Clock, clockFault, ringClockConflict } from './clock.ts';
import { assertSigning } from './may-sign.ts';
import { newKeyRecord } from './new-key.ts';
import { type PostponedKey, PropagationCheck, type PropagationCheckOptions } from './propagation-check.ts';
import { clockNotTrusted, nextKeyMissing, nextKeyNotPropagated, nextKeyNotReady } from './refusals.ts';
import { type Change, ReplicatedRing, type ReplicatedRingOptions } from './replicated.ts';
import { nextRewrap } from './rewrap.ts';
import {
  activate,
  addKey,
  dueAt,
  isReady,
  type KeyRecord,
  keyIn,
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
import { SigningKeys } from './signing-keys.ts';

export interface KeyringOptions extends ReplicatedRingOptions, PropagationCheckOptions, Clock {
  readonly backend: KeyBackend;
  readonly algorithms: readonly Algorithm[];
  readonly timing: Timing;
  /** Whether `open` checks every private key. Otherwise the first change does, and a thousand rings open in seconds. */
  readonly checkOnOpen: boolean;
}

type RotateOptions = { readonly activateAt?: number; readonly override?: boolean };

export class Keyring {
  readonly #options: KeyringOptions;
  readonly #ring: ReplicatedRing;
  #signing: SigningKeys;
  readonly #propagation: PropagationCheck;
  #checked = false;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: KeyringOptions, ring: ReplicatedRing) {
    this.#options = options;
    this.#ring = ring;
    this.#propagation = new PropagationCheck(options);
    this.#signing = new SigningKeys(ring.current);
    ring.onChange((changed) => {
      this.#signing = this.#signing.after(changed, options.now());
    });
  }

  /**
   * Opens the newer ring of the store and the local file. Creates the first keys only if both have no ring and `mayCreate`
   * allows it. Rejects with `key_material_unusable` or `state_unusable`.
   */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const ring = await ReplicatedRing.load(options);
    const keyring = new Keyring(options, ring);
    if (options.checkOnOpen) await keyring.#check();
    await keyring.refresh();
    // A due key is not activated here but at the first tick: the server does not serve yet, so verifiers cannot see the
    // key.
    await keyring.#exclusively(() => keyring.#advance(() => true));
    return keyring;
  }

  /** `shared`, or the id of the tenant with own keys. */
  get id(): string {
    return this.#options.id;
  }

  /** The public keys in the order of the JWKS. */
  publicKeys(): readonly PublicJwk[] {
    return publishedKeys(this.#ring.current);
  }

  /** All keys with their states, including revoked ones. */
  list(): readonly KeyRecord[] {
    return this.#ring.current.keys;
  }

  get timing(): Timing {
    return this.#options.timing;
  }

  /**
   * The active key of this algorithm; throws `keys_unavailable` if there is none, and while the clock is not trusted, before the
   * token is in the audit.
   */
  active(alg: Algorithm): KeyRecord {
    assertSigning(this.#options);
    const key = this.#signing.active.get(alg);
    if (!key)
      throw new SojournError('keys_unavailable', { detail: `No ${alg} key is active.`, retryAfter: 5 });
    return key;
  }

  /** The postponed next keys, as of the last check by this replica. */
  get postponed(): readonly PostponedKey[] {
    return this.#propagation.postponed;
  }

  /** Why this server activates and removes no keys: its clock is wrong. Undefined while the clock is trusted. */
  get clockProblem(): string | undefined {
    return clockFault(this.#options) ?? ringClockConflict(this.#ring.current, this.id, this.#options);
  }

  /** Milliseconds since the ring was last read from the store, and whether that is too long to keep signing. */
  staleness(): { readonly ms: number; readonly stale: boolean } {
    const { now, timing } = this.#options;
    const ms = now() - this.#ring.lastReadAt;
    return { ms, stale: ms > timing.staleAfter };
  }

  /**
   * A JWS signature over `data`. Requests that started before a key retired may still sign with it. Rejects with
   * `keys_unavailable` for any other key, if this replica has not read the ring from the store for too long, and while its clock
   * is not trusted.
   */
  async sign(kid: string, data: Uint8Array): Promise<Uint8Array> {
    const { backend, now } = this.#options;
    assertSigning(this.#options, this.#ring.lastReadAt);
    const key = this.#signing.find(kid, now());
    if (!key) {
      throw new SojournError('keys_unavailable', { detail: `The key ${kid} is not active.`, retryAfter: 1 });
    }
    return backend.sign(key, data);
  }

  /** The listener is called after each change of the ring, also a change by another replica. */
  onChange(listener: () => void): void {
    this.#ring.onChange(() => listener());
  }

  /** Reads the changes of other replicas, and restores a ring that the store or the local folder has lost. */
  refresh(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#ring.refresh();
      await this.#ring.change((ring) => nextRewrap(ring, this.#options.backend));
    });
  }

  /** Records that the ring was unchanged at `time`; returns false if it has changed and must be read. */
  confirmUnchanged(version: number, time: number): boolean {
    return this.#ring.confirmUnchanged(version, time);
  }

  /** Whether `advance` has a step to run or a postponed key to check again. Cheap. */
  isDue(): boolean {
    return this.#step(this.#ring.current) !== undefined || this.postponed.length > 0;
  }

  /** Runs every due step. Any number of replicas may do this at once. */
  async advance(): Promise<void> {
    // Outside #exclusively: the check takes time, and must not delay the changes of other replicas.
    const postponed = await this.#propagation.findPostponed(this.#due());
    return this.#exclusively(() => this.#advance((kid) => postponed.has(kid)));
  }

  /**
   * Activates the next key of every algorithm at `activateAt` (milliseconds) or now, even if times in the ring are ahead of
   * the clock, because an administrator requested it. Rejects with `keys_unavailable` if the clock has jumped since the
   * start, with `key_not_ready` if a key is missing or its publish_lead would not have ended, and with `key_not_propagated`
   * if verifiers do not find a key; `override` skips only the last check.
   */
  async rotate({ activateAt, override = false }: RotateOptions = {}): Promise<void> {
    const { algorithms, timing, now, obstacles } = this.#options;
    const fault = clockFault(this.#options);
    if (fault && activateAt === undefined) throw clockNotTrusted(fault);
    await this.refresh();
    const next = this.#next();
    const missing = algorithms.find((alg) => !next.some((key) => key.alg === alg));
    if (missing) throw nextKeyMissing(missing);
    const notReady = next.find((key) => !isReady(key, timing, activateAt ?? now()));
    if (notReady) throw nextKeyNotReady(notReady, readyAt(notReady, timing), now());
    if (activateAt === undefined && !override) {
      for (const key of next) {
        const reasons = await obstacles(key.jwk);
        if (reasons.length > 0) throw nextKeyNotPropagated(key, reasons);
      }
    }
    return this.#exclusively(async () => {
      await this.#check();
      const kids = new Set(next.map(({ kid }) => kid));
      await this.#ring.change(async (ring) => {
        const nextKeys = ring.keys.filter((key) => kids.has(key.kid) && key.state === 'next');
        if (activateAt !== undefined)
          return nextKeys.some((key) => key.activate_at !== activateAt)
            ? { ring: scheduleActivation(ring, activateAt) }
            : undefined;
        const [first] = nextKeys;
        return first && changeWith(activate(ring, first.kid, now()), keyEvent('key.activated', first));
      });
      if (activateAt === undefined) await this.#advance();
    });
  }

  /** Cancels a scheduled rotation: the next keys follow the regular rotation again. */
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
   * Removes a key from the JWKS permanently. If it was active, the next key takes over. A new next key is created even if
   * times in the ring are ahead of the clock, because an administrator requested this. Rejects with `key_not_found`.
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

  /** Runs before anything is written: a ring with which the backend cannot sign is not changed. */
  async #check(): Promise<void> {
    if (this.#checked) return;
    await checkKeys(this.list(), this.#options.backend);
    this.#checked = true;
  }

  #next(): KeyRecord[] {
    return this.#options.algorithms
      .map((alg) => keyIn(this.#ring.current, alg, 'next'))
      .filter((key) => key !== undefined);
  }

  /** The next keys that are due to replace an active key. */
  #due(): KeyRecord[] {
    const { timing, now } = this.#options;
    if (this.clockProblem !== undefined) return [];
    return this.#next().filter((key) => {
      const active = keyIn(this.#ring.current, key.alg, 'active');
      return active && now() >= dueAt(active, key, timing);
    });
  }

  #step(ring: Ring, isPostponed?: (kid: string) => boolean, requested = false): Step | undefined {
    const { algorithms, timing, now } = this.#options;
    const fault = clockFault(this.#options);
    const due = nextStep(ring, algorithms, timing, fault ? undefined : now(), isPostponed);
    return due ?? (requested && !fault ? missingNextKey(ring, algorithms) : undefined);
  }

  #advance(isPostponed?: (kid: string) => boolean, requested = false): Promise<void> {
    return this.#ring.change(async (ring) => {
      const step = this.#step(ring, isPostponed, requested);
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

  /** Runs one operation at a time within this process; between processes the compare-and-swap decides. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
