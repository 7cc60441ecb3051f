/** Stops asking what does not answer: after some failures in a row nobody asks for a while, then one does. */
import type { SojournError } from '../../../platform/errors/index.ts';

export class Breaker {
  readonly #failuresInARow: number;
  readonly #pauseMs: number;
  #failures = 0;
  #state: 'closed' | 'open' | 'ajar' | 'probing' = 'closed';
  #last: SojournError | undefined;

  constructor(failuresInARow: number, pauseMs: number) {
    this.#failuresInARow = failuresInARow;
    this.#pauseMs = pauseMs;
  }

  /** The error that answers a request without asking; undefined when it may `begin`. */
  get refusal(): SojournError | undefined {
    return this.#state === 'closed' || this.#state === 'ajar' ? undefined : this.#last;
  }

  /** Whoever begins tells afterwards how it went; until then nobody else tries a door that stands ajar. */
  begin(): void {
    if (this.#state === 'ajar') this.#state = 'probing';
  }

  succeeded(): void {
    this.#failures = 0;
    this.#state = 'closed';
    this.#last = undefined;
  }

  failed(error: SojournError): void {
    this.#last = error;
    this.#failures++;
    if (this.#state === 'open' || (this.#state === 'closed' && this.#failures < this.#failuresInARow)) return;
    this.#state = 'open';
    // Not by the wall clock, which may jump; and no reason for a process that ends to wait.
    setTimeout(() => {
      if (this.#state === 'open') this.#state = 'ajar';
    }, this.#pauseMs).unref();
  }

  /** The last failure since the last success. */
  get last(): SojournError | undefined {
    return this.#last;
  }
}
