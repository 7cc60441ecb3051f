/**
 * The composition root. Owns: how a server starts and stops, in three steps: open the state, build the services, listen.
 * Does not own: what any of them does. No other module receives the whole configuration.
 */
import { addPresets } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { createLogger, type Logger } from '../../platform/log/index.ts';
import { type Elapsed, type Now, steadyClock, systemElapsed, systemNow } from '../../platform/time/index.ts';
import type { Config } from '../config/index.ts';
import { type Context, createShutdown, type RunningServer } from './context.ts';
import { startListeners } from './listeners.ts';
import { buildServices } from './services.ts';
import { openState } from './state.ts';
import { startWithoutStore } from './without-store.ts';

export type { RunningServer } from './context.ts';

/**
 * Rejects with a `SojournError` that says what stops the start; nothing is left running then. If only the store is down, resolves
 * to a server that serves the documents from the sealed copy and becomes complete when the store is back.
 */
export async function startServer(
  config: Config,
  options: {
    logger?: Logger;
    now?: Now;
    steadyNow?: Now;
    elapsed?: Elapsed;
    isClockVouchedFor?: boolean;
    /** For the metrics. */
    droppedLogLines?: () => number;
  } = {},
): Promise<RunningServer> {
  const { logger = createLogger(), now = systemNow, isClockVouchedFor = false } = options;
  // A test that sets the clock moves all of them, unless it says otherwise.
  const { steadyNow = options.now ?? steadyClock(systemNow, systemElapsed) } = options;
  const { elapsed = options.now ?? systemElapsed } = options;
  const clockTrust = { elapsed, offset: now() - elapsed() };
  const comparesClocks = options.now === undefined;
  const { droppedLogLines } = options;
  addPresets(config.presets.own);
  const startWhole = async (own: Config, release?: () => Promise<void>): Promise<RunningServer> => {
    const shutdown = createShutdown();
    const clock = { now, steadyNow, clockTrust, isClockVouchedFor, comparesClocks };
    const context: Context = { config: own, logger, ...clock, shutdown, release, droppedLogLines };
    try {
      const state = await openState(context);
      const services = await buildServices(context, state);
      const { publicListener, adminListener, documents } = await startListeners(context, state, services);
      return {
        publicOrigin: publicListener.origin,
        adminOrigin: adminListener.origin,
        documentsOrigin: documents?.origin,
        close: shutdown.run,
      };
    } catch (error) {
      await shutdown.run();
      throw error;
    }
  };
  try {
    return await startWhole(config);
  } catch (failure) {
    if (!(failure instanceof SojournError && failure.code === 'store_unavailable')) throw failure;
    return startWithoutStore({ config, logger, now, failure, startWhole });
  }
}
