/** Calls of a store behind a network, within the time budget of the request. */
import { SojournError } from '../errors/index.ts';
import { runInBudget } from './budget.ts';

/** @param reasonOf the message of a driver's error, without values of the command */
export const attemptsWith =
  (reasonOf: (error: unknown) => string) =>
  async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await runInBudget(work);
    } catch (error) {
      if (error instanceof TypeError || error instanceof SojournError) throw error;
      throw new SojournError('store_unavailable', { cause: new Error(reasonOf(error)), retryAfter: 5 });
    }
  };
