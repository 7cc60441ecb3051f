/** How often each request was made since that was last written down. */
import type { Now } from '../../platform/time/index.ts';

/** One write in this time for each request; what is told of it is so old at most. */
const writeEveryMs = 10_000;
const maxRemembered = 10_000;

export function createTally(now: Now) {
  const unwritten = new Map<string, { readonly times: number; readonly since: number }>();
  return {
    /** Counts one more; what is to be written now, 0 as long as that can wait. */
    count(id: string): number {
      const { times = 0, since = Number.NEGATIVE_INFINITY } = unwritten.get(id) ?? {};
      const isDue = now() - since >= writeEveryMs;
      if (unwritten.size >= maxRemembered) unwritten.clear();
      unwritten.set(id, isDue ? { times: 0, since: now() } : { times: times + 1, since });
      return isDue ? times + 1 : 0;
    },
  };
}
