/** Signals of programs that run until they are stopped. */

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(1);
        stopping = true;
        resolve();
      });
    }
  });
}

/**
 * Runs the handler at each SIGHUP, one run after the other. Call it early: without a listener the signal ends the process,
 * and systemd regards that as a clean exit. Signals that arrive before `handler` resolves are queued. Returns a function that
 * waits for all runs.
 */
export function onHangup(handler: Promise<() => Promise<void>>): () => Promise<void> {
  let runs = Promise.resolve();
  process.on('SIGHUP', () => {
    runs = runs.then(async () => (await handler)());
  });
  return () => runs;
}
