/**
 * Group commit: to reach the disk takes far longer than to write a line, and stops the process meanwhile. What comes in
 * the same turn of the event loop goes there in one commit, and nobody is told before it is there.
 */
import { attempt } from './attempt.ts';

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export interface Together<T, R> {
  /** Resolves when it is kept, and rejects with those beside it. */
  add(item: T): Promise<R>;
  /** Resolves when nothing waits. */
  settled(): Promise<void>;
}

/** @param commit keeps all of them or none, and returns a result for each */
export function together<T, R>(commit: (items: readonly T[]) => readonly R[]): Together<T, R> {
  let waiting: Waiting<T, R>[] = [];
  const underWay = new Set<Promise<void>>();

  async function flush(): Promise<void> {
    await new Promise((next) => setImmediate(next));
    const batch = waiting;
    waiting = [];
    try {
      const results = await attempt(() => commit(batch.map(({ item }) => item)));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ item, resolve, reject }) > 1) return;
        const flushing = flush().finally(() => underWay.delete(flushing));
        underWay.add(flushing);
      }),
    async settled() {
      await Promise.all(underWay);
    },
  };
}
