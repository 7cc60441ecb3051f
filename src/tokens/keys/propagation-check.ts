/** Who watches whether a key whose turn has come can be seen by everybody, and remembers which ones have to wait. */
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../../clouds/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';

export interface PropagationCheckOptions {
  readonly now: Now;
  /** What stands against letting this key sign: places where verifiers look and do not find it. Never rejects. */
  readonly obstacles: (key: PublicJwk) => Promise<readonly string[]>;
  /** Told when a key has to wait, and again when the reasons have changed. */
  readonly onPostponed: (waiting: PostponedKey) => void;
}

/** A next key whose turn has come and that does not sign yet. */
export interface PostponedKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly obstacles: readonly string[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export class PropagationCheck {
  readonly #options: PropagationCheckOptions;
  #postponed: readonly PostponedKey[] = [];

  constructor(options: PropagationCheckOptions) {
    this.#options = options;
  }

  get postponed(): readonly PostponedKey[] {
    return this.#postponed;
  }

  /** The kids, of these whose turn has come, that must wait. */
  async findPostponed(due: readonly KeyRecord[]): Promise<ReadonlySet<string>> {
    const waiting: PostponedKey[] = [];
    for (const key of due) {
      const obstacles = await this.#options.obstacles(key.jwk);
      if (obstacles.length > 0) waiting.push(this.#wait(key, obstacles));
    }
    this.#postponed = waiting;
    return new Set(waiting.map(({ kid }) => kid));
  }

  #wait({ kid, alg }: KeyRecord, obstacles: readonly string[]): PostponedKey {
    const known = this.#postponed.find((one) => one.kid === kid);
    const waiting = { kid, alg, obstacles, since: known?.since ?? this.#options.now() };
    if (!isDeepStrictEqual(known, waiting)) this.#options.onPostponed(waiting);
    return waiting;
  }
}
