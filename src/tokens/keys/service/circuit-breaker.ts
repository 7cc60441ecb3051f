/** Stops asking what does not answer: after some failures in a row nobody asks for a while, then one does. */
import type { SojournError } from '../../../platform/errors/index.ts';

export class CircuitBreaker {
  readonly #failureThreshold: number;
  readonly #openMs: number;
  #failures = 0;
  #state: 'closed' | 'open' | 'half-open' | 'trial' = 'closed';
  #lastFailure: SojournError | undefined;

  constructor(failureThreshold: number, openMs: number) {
    this.#failureThreshold = failureThreshold;
    this.#openMs = openMs;
  }

  /** The error that answers a request without asking; undefined when it may `begin`. */
  get openError(): SojournError | undefined {
    return this.#state === 'closed' || this.#state === 'half-open' ? undefined : this.#lastFailure;
  }

  /** Whoever begins tells afterwards how it went; until then nobody else tries a door that stands ajar. */
  startCall(): void {
    if (this.#state === 'half-open') this.#state = 'trial';
  }

  recordSuccess(): void {
    this.#failures = 0;
    this.#state = 'closed';
    this.#lastFailure = undefined;
  }

  recordFailure(error: SojournError): void {
    this.#lastFailure = error;
    this.#failures++;
    if (this.#state === 'open' || (this.#state === 'closed' && this.#failures < this.#failureThreshold))
      return;
    this.#state = 'open';
    // Not by the wall clock, which may jump; and no reason for a process that ends to wait.
    setTimeout(() => {
      if (this.#state === 'open') this.#state = 'half-open';
    }, this.#openMs).unref();
  }

  /** The last failure since the last success. */
  get lastFailure(): SojournError | undefined {
    return this.#lastFailure;
  }
}
