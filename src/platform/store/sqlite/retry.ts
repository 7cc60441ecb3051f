/** Repeats SQLite calls while the database is locked, and maps their errors to store errors. */
import { systemElapsed } from '../../time/index.ts';
import { allows, type Budget, budgets, pauseFor } from '../budget.ts';
import { isBusy, servingFailure } from './failure.ts';

/** In milliseconds; every call must settle in under 2 s. */
const maxWaitMs = 1_500;

interface Call<Result> {
  readonly budget: Budget | undefined;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Settles the calls with the results of `run`, which runs again while another process writes. SQLite's own busy timeout would
 * block the event loop, and its growing pauses starve against a busy writer: in a test, 2 writers without a pause made each
 * other fail within seconds. A statement that fails with SQLITE_BUSY has changed nothing, so it can run again.
 */
export async function settle<One extends Call<Result>, Result>(
  calls: readonly One[],
  run: (calls: readonly One[]) => readonly Result[],
): Promise<void> {
  let waiting = calls;
  let startedAt: number | undefined;
  while (waiting.length > 0) {
    try {
      for (const [i, result] of run(waiting).entries()) waiting[i]!.resolve(result);
      return;
    } catch (cause) {
      startedAt ??= systemElapsed();
      const pauseMs = 1 + Math.random() * 9;
      const mayRetry = isBusy(cause) && systemElapsed() - startedAt < maxWaitMs;
      const left = waiting.filter(({ budget }) => mayRetry && allows(budget, pauseMs));
      for (const call of waiting) if (!left.includes(call)) call.reject(servingFailure(cause));
      waiting = left;
      if (left.length > 0) await pauseFor(new Set(left.map(({ budget }) => budget)), pauseMs);
    }
  }
}

/** The same call as a promise, with retries while another process writes. */
export function retryWhileLocked<Input extends unknown[], Result>(
  call: (...input: Input) => Result,
): (...input: Input) => Promise<Result> {
  return async (...input) => {
    try {
      return call(...input);
    } catch {
      const again = { ...Promise.withResolvers<Result>(), budget: budgets.getStore() };
      void settle([again], () => [call(...input)]);
      return again.promise;
    }
  };
}
