/** One call of the store as a promise; what fails is told in the store's words. */
import { servingFailure } from './failure.ts';

export async function attempt<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (cause) {
    throw servingFailure(cause);
  }
}
