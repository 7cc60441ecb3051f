/**
 * Group commit. A durable commit takes far longer than a write and blocks the event loop, so all items that arrive in one
 * turn of the event loop share one commit. After a slow commit, the next one waits for as long as that took, so that commits
 * block at most half of the time. A promise resolves only after the commit.
 */
import { sleep, systemElapsed } from '../../time/index.ts';
import { attempt } from './attempt.ts';

interface Pending<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit<T, R> {
  /** Resolves when the item is committed; if the commit fails, rejects all items of the batch. */
  add(item: T): Promise<R>;
  /** Resolves when no item is pending. */
  settled(): Promise<void>;
}

/** A disk that stalled for longer must not delay the next commit as long again. */
const longestPauseMs = 100;

/** @param commit stores all items or none, and returns one result per item */
export function groupCommit<T, R>(commit: (items: readonly T[]) => readonly R[]): GroupCommit<T, R> {
  let pending: Pending<T, R>[] = [];
  const flushes = new Set<Promise<void>>();
  let nextCommitAt = 0;

  async function flush(): Promise<void> {
    const pauseMs = nextCommitAt - systemElapsed();
    if (pauseMs >= 1) await sleep(pauseMs);
    else await new Promise((next) => setImmediate(next));
    const batch = pending;
    pending = [];
    const startedAt = systemElapsed();
    try {
      const results = await attempt(() => commit(batch.map(({ item }) => item)));
      const endedAt = systemElapsed();
      nextCommitAt = endedAt + Math.min(endedAt - startedAt, longestPauseMs);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (pending.push({ item, resolve, reject }) > 1) return;
        const flushing = flush().finally(() => flushes.delete(flushing));
        flushes.add(flushing);
      }),
    async settled() {
      await Promise.all(flushes);
    },
  };
}
