/** Limits concurrent work in total and per tenant. Further work waits; the queue serves tenants round-robin. */
import { SojournError } from '../errors/index.ts';

export interface FairQueue {
  /**
   * Runs the work as soon as the tenant has a slot. Rejects with `overloaded`, without starting the work, if the queue is
   * full or no slot becomes free in time.
   */
  run<T>(tenant: string, work: () => Promise<T>): Promise<T>;
}

interface QueueEntry {
  readonly start: () => void;
}

/** A queued request takes a few kilobytes. A tenant that restarts with more connections than `maxQueuedPerTenant` must retry later. */
const maxQueued = 1_000;
const maxQueuedPerTenant = 100;
/** A caller must learn within 2 s that it gets nothing, and the rest of the exchange's 5 s must be enough for the cloud. */
const defaultMaxWaitMs = 1_500;
const retryAfter = 1;

export function createFairQueue({
  total,
  perTenant,
  maxWaitMs = defaultMaxWaitMs,
}: {
  total: number;
  perTenant: number;
  maxWaitMs?: number;
}): FairQueue {
  const running = new Map<string, number>();
  /** By tenant, in the order in which the tenants are served next. */
  const queues = new Map<string, Set<QueueEntry>>();
  let runningTotal = 0;
  let queued = 0;

  const hasFreeSlot = (tenant: string): boolean =>
    runningTotal < total && (running.get(tenant) ?? 0) < perTenant;

  const count = (tenant: string, change: 1 | -1): void => {
    runningTotal += change;
    const left = (running.get(tenant) ?? 0) + change;
    if (left === 0) running.delete(tenant);
    else running.set(tenant, left);
  };

  const remove = (tenant: string, entry: QueueEntry): boolean => {
    const queue = queues.get(tenant);
    if (!queue?.delete(entry)) return false;
    queued -= 1;
    if (queue.size === 0) queues.delete(tenant);
    return true;
  };

  /** Starts work of the first tenant in order that has a free slot, and moves that tenant to the end. */
  const next = (): void => {
    for (const [tenant, queue] of queues) {
      if (!hasFreeSlot(tenant)) continue;
      const [entry] = queue;
      queues.delete(tenant);
      queues.set(tenant, queue);
      count(tenant, 1);
      if (entry) remove(tenant, entry);
      entry?.start();
      return;
    }
  };

  const wait = (tenant: string): Promise<void> => {
    const queue = queues.get(tenant) ?? new Set();
    if (queued >= maxQueued || queue.size >= maxQueuedPerTenant) throw overloaded();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (remove(tenant, entry)) reject(overloaded());
      }, maxWaitMs);
      const entry: QueueEntry = {
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      queue.add(entry);
      queues.set(tenant, queue);
      queued += 1;
    });
  };

  return {
    async run(tenant, work) {
      if (hasFreeSlot(tenant)) count(tenant, 1);
      else await wait(tenant);
      try {
        return await work();
      } finally {
        count(tenant, -1);
        next();
      }
    },
  };
}

const overloaded = () => new SojournError('overloaded', { retryAfter });
