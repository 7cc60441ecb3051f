/** So many at once, and so many of one tenant: who comes then waits, and the tenants take turns. */
import { SojournError } from '../errors/index.ts';

export interface Turns {
  /**
   * Does the work as soon as it is the tenant's turn. Rejects with `overloaded`, and the work not begun, when too many wait
   * already or its turn does not come in time.
   */
  take<T>(tenant: string, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly begin: () => void;
}

/** A waiting request is some kilobytes; a tenant that comes back cold with more connections than this is told to come later. */
const mayWait = 1_000;
const mayWaitOfOne = 100;
/** Within two seconds a caller is to know that it gets nothing; and what is left of an exchange's five must do for a visit. */
const waitMs = 1_500;
const retryAfter = 1;

export function createTurns({ atOnce, ofOne }: { atOnce: number; ofOne: number }): Turns {
  const inside = new Map<string, number>();
  /** By tenant, in the order of their turns. */
  const queues = new Map<string, Set<Waiting>>();
  let busy = 0;
  let waiting = 0;

  const mayBegin = (tenant: string): boolean => busy < atOnce && (inside.get(tenant) ?? 0) < ofOne;

  const count = (tenant: string, more: 1 | -1): void => {
    busy += more;
    const left = (inside.get(tenant) ?? 0) + more;
    if (left === 0) inside.delete(tenant);
    else inside.set(tenant, left);
  };

  const remove = (tenant: string, one: Waiting): boolean => {
    const queue = queues.get(tenant);
    if (!queue?.delete(one)) return false;
    waiting -= 1;
    if (queue.size === 0) queues.delete(tenant);
    return true;
  };

  /** The first tenant in turn that has a place to take goes behind all others. */
  const next = (): void => {
    for (const [tenant, queue] of queues) {
      if (!mayBegin(tenant)) continue;
      const [one] = queue;
      queues.delete(tenant);
      queues.set(tenant, queue);
      count(tenant, 1);
      if (one) remove(tenant, one);
      one?.begin();
      return;
    }
  };

  const wait = (tenant: string): Promise<void> => {
    const queue = queues.get(tenant) ?? new Set();
    if (waiting >= mayWait || queue.size >= mayWaitOfOne) throw overloaded();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        if (remove(tenant, one)) reject(overloaded());
      }, waitMs);
      const one: Waiting = {
        begin: () => {
          clearTimeout(late);
          resolve();
        },
      };
      queue.add(one);
      queues.set(tenant, queue);
      waiting += 1;
    });
  };

  return {
    async take(tenant, work) {
      if (mayBegin(tenant)) count(tenant, 1);
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
