/** Collects requests for the metrics of the main thread, which gets one message per second at most. */
import type { ObservedRequests } from './messages.ts';

const everyMs = 1_000;

type Request = Omit<ObservedRequests, 'count'>;

/** Times have a resolution of 1 ms, so few requests of a second differ. */
export function createObservations(send: (requests: readonly ObservedRequests[]) => void) {
  const counts = new Map<string, ObservedRequests>();
  let isScheduled = false;
  const flush = (): void => {
    isScheduled = false;
    send([...counts.values()]);
    counts.clear();
  };
  return (request: Request): void => {
    const key = JSON.stringify([request.route, request.method, request.status, request.seconds]);
    counts.set(key, { ...request, count: (counts.get(key)?.count ?? 0) + 1 });
    if (!isScheduled) setTimeout(flush, everyMs).unref();
    isScheduled = true;
  };
}
