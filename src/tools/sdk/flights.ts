/** One call for all who want the same at the same time. */

interface Flight<T> {
  readonly result: Promise<T>;
  readonly ending: AbortController;
  waiting: number;
}

export type Join<T> = (
  key: string,
  start: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
) => Promise<T>;

/** Who gives up stops waiting, by rejecting with the reason of their signal; when nobody waits any more the call ends. */
export function createFlights<T>(): Join<T> {
  const flights = new Map<string, Flight<T>>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const ending = new AbortController();
    const flight: Flight<T> = {
      ending,
      waiting: 0,
      result: start(ending.signal).finally(() => leave(key, flight)),
    };
    flights.set(key, flight);
    return flight;
  };
  const leave = (key: string, flight: Flight<T>): void => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  return (key, start, signal) => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const flight = flights.get(key) ?? begin(key, start);
    flight.waiting += 1;
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => {
        reject(signal?.reason);
        flight.waiting -= 1;
        if (flight.waiting > 0) return;
        // Who comes now gets a call of their own, and not the end of this one.
        leave(key, flight);
        flight.ending.abort(signal?.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      flight.result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', giveUp));
    });
  };
}
