/**
 * How often a failed call may be made once more. Ten requests pay for one: whatever happens, a service in trouble gets
 * at most 1.1 calls per request, and two on top.
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
