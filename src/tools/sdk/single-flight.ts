/** Single-flight: concurrent callers of one key share one call. */

interface SharedCall<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export type SingleFlight<T> = (
  key: string,
  start: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
) => Promise<T>;

/** A caller whose signal aborts stops waiting, with the signal's reason. When no caller waits, the call is aborted. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const calls = new Map<string, SharedCall<T>>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): SharedCall<T> => {
    const controller = new AbortController();
    const call: SharedCall<T> = {
      controller,
      waiting: 0,
      result: start(controller.signal).finally(() => remove(key, call)),
    };
    calls.set(key, call);
    return call;
  };
  const remove = (key: string, call: SharedCall<T>): void => {
    if (calls.get(key) === call) calls.delete(key);
  };

  return (key, start, signal) => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const call = calls.get(key) ?? begin(key, start);
    call.waiting += 1;
    return new Promise<T>((resolve, reject) => {
      const stopWaiting = () => {
        reject(signal?.reason);
        call.waiting -= 1;
        if (call.waiting > 0) return;
        // Removed before the abort, so that a new caller starts a new call.
        remove(key, call);
        call.controller.abort(signal?.reason);
      };
      signal?.addEventListener('abort', stopWaiting, { once: true });
      call.result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stopWaiting));
    });
  };
}
