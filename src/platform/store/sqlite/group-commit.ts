/**
 * Group commit. A durable commit takes far longer than a write and blocks the event loop, so all items that arrive in one
 * turn of the event loop share one commit. After a commit of several items, the next one waits for as long as that took, so
 * that under load commits block at most half of the time. A promise resolves only after the commit.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sleep, systemElapsed } from '../../time/index.ts';
import { retryWhileLocked } from './retry.ts';

interface Pending<T, R> extends PromiseWithResolvers<R> {
  readonly item: T;
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
export function groupCommit<T, R>(
  commit: (items: readonly { readonly item: T }[]) => readonly R[],
): GroupCommit<T, R> {
  const commitBatch = retryWhileLocked(commit);
  let pending: Pending<T, R>[] = [];
  const batches = new Set<readonly Pending<T, R>[]>();
  let nextCommitAt = 0;

  async function flush(batch: readonly Pending<T, R>[]): Promise<void> {
    batches.add(batch);
    const pauseMs = nextCommitAt - systemElapsed();
    await (pauseMs >= 1 ? sleep(pauseMs) : nextTurn());
    pending = [];
    const startedAt = systemElapsed();
    try {
      const results = await commitBatch(batch);
      const endedAt = systemElapsed();
      if (batch.length > 1) nextCommitAt = endedAt + Math.min(endedAt - startedAt, longestPauseMs);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    batches.delete(batch);
  }

  return {
    add(item) {
      const added: Pending<T, R> = { item, ...Promise.withResolvers<R>() };
      if (pending.push(added) === 1) void flush(pending);
      return added.promise;
    },
    async settled() {
      await Promise.allSettled([...batches].flatMap((batch) => batch.map(({ promise }) => promise)));
    },
  };
}
