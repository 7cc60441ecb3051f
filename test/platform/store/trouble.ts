/** Helpers for tests of trouble: what a test starts ends with it, and the time limit of calls. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import type { Store } from '../../../src/platform/store/index.ts';
import { benchOn, type LoggedBench } from './bench.ts';

/** Resources of a test, closed after it in reverse order. */
const started: (() => Promise<unknown>)[] = [];
export const later = (end: () => Promise<unknown>): void => {
  started.push(end);
};
afterEach(async () => {
  for (const end of started.splice(0).reverse()) await end();
});

export const on = (url: string): LoggedBench => {
  const bench = benchOn(url);
  later(() => bench.end());
  return bench;
};
/** The limit of 2 s, doubled for a busy machine. */
const soonMs = 4_000;
export const timed = async (work: Promise<unknown>) => {
  const start = performance.now();
  const outcome = await work.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );
  return { outcome, soon: performance.now() - start < soonMs };
};
export const unavailable = { outcome: 'store_unavailable', soon: true };
export const untilServed = async (store: Store) => {
  const deadline = performance.now() + 15_000;
  while ((await timed(store.ping())).outcome !== 'done') {
    if (performance.now() > deadline) throw new Error('the store did not come back');
    await sleep(50);
  }
};
