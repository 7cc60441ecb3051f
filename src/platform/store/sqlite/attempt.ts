/** One call of the store as a promise; what fails is told in the store's words. */
import { sleep } from '../../time/index.ts';
import { isBusy, servingFailure } from './failure.ts';

/** An answer, yes or no, is promised in under 2 s. */
const patienceMs = 1_500;

/**
 * Waits for another process that is writing. SQLite's own wait would stop this process with everything it serves, and
 * with its ever longer pauses loses against a busy writer: 2 writers without a pause refused each other within seconds.
 * A busy statement has done nothing, so it may be done again.
 */
export async function attempt<T>(work: () => T): Promise<T> {
  let waited = 0;
  for (;;) {
    try {
      return work();
    } catch (cause) {
      if (!isBusy(cause) || waited >= patienceMs) throw servingFailure(cause);
      const pause = 1 + Math.random() * 9;
      await sleep(pause);
      waited += pause;
    }
  }
}
