/** Indexes new lines in the background, in small batches with turns of the event loop between. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { indexBatchSize } from './index-lines.ts';

/** A search reads lines that are not indexed yet, so there should be few. */
const intervalMs = 1_000;

/**
 * @param indexBatch indexes the next lines, also those of other processes, and resolves to how many there were. If it rejects,
 * it is called again after the interval; until then, searches read these lines without the index.
 * @returns a function that stops the work and resolves when nothing runs any more
 */
export function startIndexer(indexBatch: () => Promise<number>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let stopped = false;

  async function run(): Promise<void> {
    try {
      while (!stopped && (await indexBatch()) === indexBatchSize) await nextTurn();
    } catch {
      // The store is locked, full or away; the next write of a request reports that.
    }
    running = undefined;
  }

  const timer = setInterval(() => {
    running ??= run();
  }, intervalMs).unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}
