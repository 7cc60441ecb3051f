/**
 * Limits retries. Each request earns a tenth of a retry, so a failing service gets at most 1.1 calls per request, plus two.
 */
export class RetryBudget {
  #left = 2;

  /** Called for each request. */
  earn(): void {
    this.#left = Math.min(2, this.#left + 0.1);
  }

  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
