/** A start while the store is down: serves the documents from the sealed copy, and then becomes the whole server. */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every, type Now, sleep } from '../../platform/time/index.ts';
import type { Config } from '../config/index.ts';
import {
  type Documents,
  type DocumentsServer,
  readCopy,
  startDocumentsServer,
} from '../documents-copy/index.ts';
import { openKeyBackend } from '../key-rings/index.ts';
import type { RunningServer } from './context.ts';

/** The store is tried this often. */
const retryMs = 1_000;
/** A key is published for so long before it signs; a copy that is no older has all keys that sign. */
const leastCopyAgeMs = 600_000;

export interface WithoutStoreOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly now: Now;
  /** Why the store cannot be used. */
  readonly failure: SojournError;
  /** Starts the whole server; calls `release` when it needs the addresses. */
  readonly startWhole: (config: Config, release: () => Promise<void>) => Promise<RunningServer>;
}

/** Rejects with `failure` if there is no copy, and with it and the reason if the copy cannot be served. */
export async function startWithoutStore(options: WithoutStoreOptions): Promise<RunningServer> {
  const { config, logger, now, failure, startWhole } = options;
  const documents = await readDocuments(options);
  let reason = failure.message;
  const serve = (own: Config) => startDocumentsServer(own, documents, { logger, now, reason: () => reason });
  let server = await serve(config);
  const bound = withPorts(config, server);
  logger.error(
    { err: failure, documents: documents.size },
    'the store is unavailable: serving only discovery and JWKS, from the copy in keys.path, until it is back',
  );
  let whole: RunningServer | undefined;

  const stop = every(retryMs, async () => {
    if (whole) return;
    let isReleased = false;
    try {
      whole = await startWhole(bound, () => {
        isReleased = true;
        return server.release();
      });
      logger.warn('the store is back: the server is complete');
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err);
      if (message !== reason)
        logger.error({ err }, 'cannot start completely; serving only discovery and JWKS');
      reason = message;
      if (isReleased) server = await serve(bound);
    }
  });

  return {
    publicOrigin: server.publicOrigin,
    adminOrigin: server.adminOrigin,
    documentsOrigin: server.documentsOrigin,
    async close() {
      await stop();
      if (whole) return whole.close();
      server.startShutdown();
      await sleep(config.shutdown.drain * 1000);
      await server.close();
    },
  };
}

async function readDocuments({ config, logger, now, failure }: WithoutStoreOptions): Promise<Documents> {
  const { keys, issuer } = config;
  try {
    // A key service authenticates no text, so it need not answer.
    const backend = keys.backend === 'file' ? await openKeyBackend(config, { logger, now }) : {};
    const maxAgeMs = Math.max(keys.publish_lead * 1000, leastCopyAgeMs);
    const documents = await readCopy(keys.path, backend, { issuer, maxAgeMs, now });
    if (documents) return documents;
  } catch (cause) {
    if (!(cause instanceof SojournError)) throw cause;
    throw new SojournError(failure.code, {
      detail: `${failure.message} ${cause.message}`,
      advice: failure.advice,
      cause: failure,
    });
  }
  throw failure;
}

/** Port 0 is any free port, and the whole server takes over the one that was chosen. */
function withPorts(config: Config, { publicOrigin, adminOrigin, documentsOrigin }: DocumentsServer): Config {
  const at = <T extends { readonly port: number }>(address: T, origin: string): T => ({
    ...address,
    port: Number(new URL(origin).port) || address.port,
  });
  const { listen } = config;
  return {
    ...config,
    listen: {
      ...listen,
      public: at(listen.public, publicOrigin),
      admin: at(listen.admin, adminOrigin),
      documents:
        listen.documents && documentsOrigin ? at(listen.documents, documentsOrigin) : listen.documents,
    },
  };
}
