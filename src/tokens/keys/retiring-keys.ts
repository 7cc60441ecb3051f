/** Keys that retired a moment ago, with their private keys, which their records in the ring no longer have. */
import { type KeyRecord, mayFinish, type Ring } from './ring.ts';

export class RetiringKeys {
  #keys: readonly KeyRecord[] = [];

  /** Called for every change of the ring. `now` in milliseconds. */
  update(before: Ring, after: Ring, now: number): void {
    const finishing = new Set(after.keys.filter((key) => mayFinish(key, now)).map((key) => key.kid));
    this.#keys = [...this.#keys, ...before.keys].filter(
      ({ kid, sealed }) => sealed !== null && finishing.has(kid),
    );
  }

  find(kid: string): KeyRecord | undefined {
    return this.#keys.find((key) => key.kid === kid);
  }
}
