/** Checks that verifiers can see a next key before it signs, and remembers which keys are postponed. */
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../../clouds/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';

export interface PropagationCheckOptions {
  readonly now: Now;
  /** Why this key must not sign yet: the documents in which verifiers would not find it. Never rejects. */
  readonly obstacles: (key: PublicJwk) => Promise<readonly string[]>;
  /** Called when a key is postponed, and again when the reasons change. */
  readonly onPostponed: (key: PostponedKey) => void;
}

/** A next key that is due but does not sign yet. */
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

  /** The kids of the due keys that must be postponed. */
  async findPostponed(due: readonly KeyRecord[]): Promise<ReadonlySet<string>> {
    const postponed: PostponedKey[] = [];
    for (const key of due) {
      const obstacles = await this.#options.obstacles(key.jwk);
      if (obstacles.length > 0) postponed.push(this.#postpone(key, obstacles));
    }
    this.#postponed = postponed;
    return new Set(postponed.map(({ kid }) => kid));
  }

  #postpone({ kid, alg }: KeyRecord, obstacles: readonly string[]): PostponedKey {
    const known = this.#postponed.find((key) => key.kid === kid);
    const postponed = { kid, alg, obstacles, since: known?.since ?? this.#options.now() };
    if (!isDeepStrictEqual(known, postponed)) this.#options.onPostponed(postponed);
    return postponed;
  }
}
