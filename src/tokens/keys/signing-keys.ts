/** The keys of a ring that may sign. They are found once for each change of the ring, not for each signature. */
import type { Algorithm } from '../../clouds/index.ts';
import { type KeyRecord, mayFinish, type Ring } from './ring.ts';

export class SigningKeys {
  readonly active: ReadonlyMap<Algorithm, KeyRecord>;
  readonly #ring: Ring;
  /** Retired a moment ago; with their private keys, which their records in the ring no longer have. */
  readonly #retiring: readonly KeyRecord[];

  constructor(ring: Ring, retiring: readonly KeyRecord[] = []) {
    this.active = new Map(ring.keys.filter(({ state }) => state === 'active').map((key) => [key.alg, key]));
    this.#ring = ring;
    this.#retiring = retiring;
  }

  /** The keys that may sign once the ring has become `ring`. `now` in milliseconds. */
  after(ring: Ring, now: number): SigningKeys {
    const finishing = new Set(ring.keys.filter((key) => mayFinish(key, now)).map((key) => key.kid));
    const retiring = [...this.#retiring, ...this.#ring.keys].filter(
      ({ kid, sealed }) => sealed !== null && finishing.has(kid),
    );
    return new SigningKeys(ring, retiring);
  }

  /** The key if it is active, or if requests that started before it retired may still use it. */
  find(kid: string, now: number): KeyRecord | undefined {
    for (const key of this.active.values()) if (key.kid === kid) return key;
    const isFinishing = this.#ring.keys.some((key) => key.kid === kid && mayFinish(key, now));
    return isFinishing ? this.#retiring.find((key) => key.kid === kid) : undefined;
  }
}
