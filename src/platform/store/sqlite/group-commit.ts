/**
 * Group commit. A durable commit takes far longer than a write and blocks the event loop, so all writes that arrive in one
 * turn of the event loop share one transaction. After a commit of several writes, the next one waits for as long as that
 * took, so that under load commits block at most half of the time. A promise resolves only after the commit.
 */
import { type Stats, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sleep, systemElapsed } from '../../time/index.ts';
import { type Budget, budgets } from '../budget.ts';
import { type Continuity, lostWrites } from '../continuity.ts';
import { isCorrupt, type SqliteError } from './failure.ts';
import { settle } from './retry.ts';

interface Pending extends PromiseWithResolvers<unknown> {
  readonly budget: Budget | undefined;
  readonly write: () => unknown;
}

export interface GroupCommit {
  /** Resolves to the result of `write` when it is committed. If one write of the transaction throws, all of them reject. */
  commit<Result>(write: () => Result): Promise<Result>;
  /** Resolves when no write is pending. */
  settled(): Promise<void>;
}

/** A disk that stalled for longer must not delay the next commit as long again. */
const longestPauseMs = 100;

export function groupCommit(database: DatabaseSync, path: string, continuity: Continuity): GroupCommit {
  /** Of the database and, once it exists, of its write-ahead log. */
  const opened = new Map<string, Stats>();
  const begin = database.prepare('BEGIN IMMEDIATE');
  const end = database.prepare('COMMIT');
  let pending: Pending[] = [];
  const batches = new Set<readonly Pending[]>();
  let nextCommitAt = 0;
  requireSameFiles();

  function transaction(batch: readonly Pending[]): readonly unknown[] {
    if (continuity.fault !== undefined) throw lostWrites(continuity, continuity.fault);
    // A closed database has no write-ahead log any more, and refuses by itself.
    if (database.isOpen) requireSameFiles();
    const startedAt = systemElapsed();
    begin.run();
    try {
      const results: unknown[] = [];
      for (const { write } of batch) results.push(write());
      end.run();
      const endedAt = systemElapsed();
      if (batch.length > 1) nextCommitAt = endedAt + Math.min(endedAt - startedAt, longestPauseMs);
      return results;
    } catch (error) {
      if (isCorrupt(error as SqliteError)) continuity.damage = (error as Error).message;
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** SQLite keeps writing to a file that was removed or replaced, and the next start loses all of that. */
  function requireSameFiles(): void {
    for (const file of [path, `${path}-wal`]) {
      const before = opened.get(file);
      const current = statSync(file, { throwIfNoEntry: false });
      if (before && (current?.ino !== before.ino || current.dev !== before.dev))
        throw lostWrites(
          continuity,
          `the file ${file} of the database was ${current ? 'replaced by another' : 'removed'}`,
        );
      if (!before && current) opened.set(file, current);
    }
  }

  async function flush(batch: readonly Pending[]): Promise<void> {
    batches.add(batch);
    const pauseMs = nextCommitAt - systemElapsed();
    await (pauseMs >= 1 ? sleep(pauseMs) : nextTurn());
    pending = [];
    await settle(batch, transaction);
    batches.delete(batch);
  }

  return {
    commit<Result>(write: () => Result) {
      const added = { write, budget: budgets.getStore(), ...Promise.withResolvers<unknown>() };
      if (pending.push(added) === 1) void flush(pending);
      return added.promise as Promise<Result>;
    },
    async settled() {
      await Promise.allSettled([...batches].flatMap((batch) => batch.map(({ promise }) => promise)));
    },
  };
}
