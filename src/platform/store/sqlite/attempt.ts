/** Runs one SQLite call as a promise, with retries while the database is locked, and maps its errors to store errors. */
import { sleep } from '../../time/index.ts';
import { isBusy, servingFailure } from './failure.ts';

/** In milliseconds; every call must settle in under 2 s. */
const maxWaitMs = 1_500;

/**
 * Retries while another process writes. SQLite's own busy timeout would block the event loop, and its growing pauses
 * starve against a busy writer: in a test, 2 writers without a pause made each other fail within seconds. A statement that
 * fails with SQLITE_BUSY has changed nothing, so it can run again.
 */
export async function attempt<T>(work: () => T): Promise<T> {
  let waited = 0;
  for (;;) {
    try {
      return work();
    } catch (cause) {
      if (!isBusy(cause) || waited >= maxWaitMs) throw servingFailure(cause);
      const pause = 1 + Math.random() * 9;
      await sleep(pause);
      waited += pause;
    }
  }
}
