/**
 * The composition root. Owns: how a server starts and stops, in three steps: open the state, build the services, listen.
 * Does not own: what any of them does. No other module receives the whole configuration.
 */
import { addPresets } from '../../clouds/index.ts';
import { createLogger, type Logger } from '../../platform/log/index.ts';
import { type Now, steadyClock, systemElapsed, systemNow } from '../../platform/time/index.ts';
import type { Config } from '../config/index.ts';
import { type Context, createShutdown } from './context.ts';
import { startListeners } from './listeners.ts';
import { buildServices } from './services.ts';
import { openState } from './state.ts';

export interface RunningServer {
  readonly publicOrigin: string;
  readonly adminOrigin: string;
  /** Of `listen.documents`; undefined without it. */
  readonly documentsOrigin: string | undefined;
  /** Reports not ready, then takes no new connections, then stops; no request in flight fails. */
  close(): Promise<void>;
}

/** Rejects with a `SojournError` that says what stops the start; nothing is left running then. */
export async function startServer(
  config: Config,
  options: { logger?: Logger; now?: Now; steadyNow?: Now } = {},
): Promise<RunningServer> {
  const { logger = createLogger(), now = systemNow } = options;
  // A test that sets the clock moves both, unless it says otherwise.
  const { steadyNow = options.now ?? steadyClock(systemNow, systemElapsed) } = options;
  addPresets(config.presets.own);
  const shutdown = createShutdown();
  const context: Context = { config, logger, now, steadyNow, shutdown };
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
}
