/**
 * The time for which one request may wait for the store, over all of its calls. Each call has a deadline too, but a request
 * makes several, and would otherwise wait for the sum.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { sleep, systemElapsed } from '../time/index.ts';

export interface Budget {
  leftMs: number;
  /** Calls in progress, and since when there are any. */
  running: number;
  since: number;
}

/** A caller is refused within 2 s. */
const budgetMs = 1_600;
/** The budget of the calling request. */
export const budgets = new AsyncLocalStorage<Budget>();

/**
 * The same work with a budget for all that it starts. The budget ends with the work: what continues in the background, such as
 * an event stream, only has the deadline of each call.
 */
export function withStoreBudget<Args extends unknown[]>(
  work: (...args: Args) => Promise<void> | void,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    const budget = { leftMs: budgetMs, running: 0, since: 0 };
    try {
      await budgets.run(budget, work, ...args);
    } finally {
      budget.leftMs = Number.POSITIVE_INFINITY;
    }
  };
}

export const allows = (budget: Budget | undefined, milliseconds: number): boolean =>
  !budget || budget.leftMs >= milliseconds;

/** Waits before a retry on behalf of the requests with these budgets. */
export async function pauseFor(
  waiting: ReadonlySet<Budget | undefined>,
  milliseconds: number,
): Promise<void> {
  const startedAt = systemElapsed();
  await sleep(milliseconds);
  // A busy event loop makes pauses longer.
  for (const budget of waiting) if (budget) budget.leftMs -= systemElapsed() - startedAt;
}

/** Runs a call; rejects if the budget ends first. Time in which several calls run counts once. */
export async function runInBudget<T>(call: () => Promise<T>): Promise<T> {
  const budget = budgets.getStore();
  if (!budget || budget.leftMs === Number.POSITIVE_INFINITY) return call();
  if (budget.running++ === 0) budget.since = systemElapsed();
  const leftMs = budget.leftMs - (systemElapsed() - budget.since);
  const timeout = new AbortController();
  try {
    if (leftMs <= 0) throw new Error(exhausted);
    const ended = sleep(leftMs, timeout.signal).then(() => {
      throw new Error(exhausted);
    });
    return await Promise.race([call(), ended]);
  } finally {
    timeout.abort();
    if (--budget.running === 0) budget.leftMs -= systemElapsed() - budget.since;
  }
}

const exhausted = 'the request has waited for the store long enough';
