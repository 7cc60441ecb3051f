/** Circuit breaker: opens after consecutive failures, then half-opens and allows one trial call. */
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

  /** The error for a call that is not allowed; undefined if `startCall` is allowed. */
  get openError(): SojournError | undefined {
    return this.#state === 'closed' || this.#state === 'half-open' ? undefined : this.#lastFailure;
  }

  /** The caller must record the outcome. While half-open, one trial call runs at a time. */
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
    // A timer, because the wall clock may jump; unref, so that it does not keep the process alive.
    setTimeout(() => {
      if (this.#state === 'open') this.#state = 'half-open';
    }, this.#openMs).unref();
  }

  /** The last failure; undefined after a success. */
  get lastFailure(): SojournError | undefined {
    return this.#lastFailure;
  }
}
