/** Who watches whether a key whose turn has come can be seen by everybody, and remembers which ones have to wait. */
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../../clouds/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';

export interface LookoutOptions {
  readonly now: Now;
  /** What stands against letting this key sign: places where verifiers look and do not find it. Never rejects. */
  readonly obstacles: (key: PublicJwk) => Promise<readonly string[]>;
  /** Told when a key has to wait, and again when the reasons have changed. */
  readonly held: (waiting: Waiting) => void;
}

/** A next key whose turn has come and that does not sign yet. */
export interface Waiting {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly obstacles: readonly string[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export class Lookout {
  readonly #options: LookoutOptions;
  #waiting: readonly Waiting[] = [];

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  get waiting(): readonly Waiting[] {
    return this.#waiting;
  }

  /** The kids, of these whose turn has come, that must wait. */
  async look(due: readonly KeyRecord[]): Promise<ReadonlySet<string>> {
    const waiting: Waiting[] = [];
    for (const key of due) {
      const obstacles = await this.#options.obstacles(key.jwk);
      if (obstacles.length > 0) waiting.push(this.#wait(key, obstacles));
    }
    this.#waiting = waiting;
    return new Set(waiting.map(({ kid }) => kid));
  }

  #wait({ kid, alg }: KeyRecord, obstacles: readonly string[]): Waiting {
    const known = this.#waiting.find((one) => one.kid === kid);
    const waiting = { kid, alg, obstacles, since: known?.since ?? this.#options.now() };
    if (!isDeepStrictEqual(known, waiting)) this.#options.held(waiting);
    return waiting;
  }
}
