/** Counts repeated requests of approvals in memory between writes to the store. */
import { createBoundedMap } from '../../platform/cache/index.ts';
import type { Now } from '../../platform/time/index.ts';

/** At most one write per approval in this time, so the stored count lags by at most this much. */
const writeEveryMs = 10_000;
const maxEntries = 10_000;

export function createRequestCounter(now: Now) {
  const pending = createBoundedMap<{ readonly times: number; readonly since: number }>(maxEntries);
  return {
    /** Counts a request. Returns the number to add to the stored count now, or 0 if the write can wait. */
    count(id: string): number {
      const { times = 0, since = Number.NEGATIVE_INFINITY } = pending.get(id) ?? {};
      const isDue = now() - since >= writeEveryMs;
      pending.set(id, isDue ? { times: 0, since: now() } : { times: times + 1, since });
      return isDue ? times + 1 : 0;
    },
  };
}
