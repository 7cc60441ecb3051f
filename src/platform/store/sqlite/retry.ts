/** Repeats SQLite calls while the database is locked, and maps their errors to store errors. */
import { systemElapsed } from '../../time/index.ts';
import { pauseInBudget } from '../budget.ts';
import { isBusy, servingFailure } from './failure.ts';

/** In milliseconds; every call must settle in under 2 s. */
const maxWaitMs = 1_500;

/**
 * The same call as a promise, with retries while another process writes. SQLite's own busy timeout would block the event
 * loop, and its growing pauses starve against a busy writer: in a test, 2 writers without a pause made each other fail
 * within seconds. A statement that fails with SQLITE_BUSY has changed nothing, so it can run again.
 */
export function retryWhileLocked<Input extends unknown[], Result>(
  call: (...input: Input) => Result,
): (...input: Input) => Promise<Result> {
  return async (...input) => {
    let startedAt: number | undefined;
    for (;;) {
      try {
        return call(...input);
      } catch (cause) {
        startedAt ??= systemElapsed();
        const isLate = systemElapsed() - startedAt >= maxWaitMs;
        if (!isBusy(cause) || isLate || !(await pauseInBudget(1 + Math.random() * 9)))
          throw servingFailure(cause);
      }
    }
  };
}
