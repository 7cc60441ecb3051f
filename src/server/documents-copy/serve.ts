/** The server of a replica that has only the documents, because the store is down. */
import Router from '@koa/router';
import type { Logger } from '../../platform/log/index.ts';
import { createMetrics } from '../../platform/metrics/index.ts';
import { isLoopback } from '../../platform/outbound/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Config } from '../config/index.ts';
import type { Health, ReadinessCheck } from '../health/index.ts';
import {
  addressReader,
  answerStoreUnavailable,
  createApp,
  type DocumentsThread,
  documentPaths,
  documentsFirst,
  documentsReadinessPath,
  endsIn,
  type Listener,
  listen,
  mountMonitoring,
  type Probes,
  readinessPath,
  readTls,
  serverPair,
  startDocumentsThread,
  within,
} from '../http/index.ts';
import type { Documents } from './copy-file.ts';

export interface DocumentsServer {
  readonly publicOrigin: string;
  readonly adminOrigin: string;
  readonly documentsOrigin: string | undefined;
  /** Reports not ready, and closes each connection with its answer. */
  startShutdown(): void;
  /** Stops accepting connections at once; resolves when the addresses are free. Requests in progress end on their own. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/** @param reason why the store cannot be used, for /readyz */
export async function startDocumentsServer(
  { listen: addresses, limits, trust_proxy }: Config,
  documents: Documents,
  { logger, now, reason }: { readonly logger: Logger; readonly now: Now; readonly reason: () => string },
): Promise<DocumentsServer> {
  let isShuttingDown = false;
  const shutdownCheck = (): readonly ReadinessCheck[] =>
    isShuttingDown ? [{ name: 'shutdown', ok: false, detail: 'shutting down' }] : [];
  const health: Pick<Health, 'checks' | 'documentChecks'> = {
    checks: async () => [{ name: 'store', ok: false, detail: reason() }, ...shutdownCheck()],
    documentChecks: () => [
      { name: 'documents', ok: true, detail: `${documents.size} from the copy in keys.path` },
      ...shutdownCheck(),
    ],
  };
  const probes: Probes = new Map([
    [readinessPath, () => false],
    [documentsReadinessPath, () => !isShuttingDown],
  ]);
  const metrics = createMetrics();
  const appOptions = (listener: 'public' | 'admin') => ({
    ...{ logger, now, addressOf: addressReader(trust_proxy), observe: metrics.requestsOf(listener) },
  });
  const find = (path: string) => {
    const document = documents.get(path);
    return document && { route: path.replace(/\/t\/[^/]+/, '/t/:tenant'), document };
  };
  const tls = addresses.tls && (await readTls(addresses.tls));
  const caps = { total: limits.connections, perGroup: limits.connections_per_address };
  const started: Listener[] = [];
  try {
    const publicListener = await listen(
      documentsFirst(
        { find, isDocument: endsIn(documentPaths), probes },
        appOptions('public'),
        (_, response) => answerStoreUnavailable(response),
      ),
      {
        ...{ ...addresses.public, tls, name: 'public', caps, isProxy: within(trust_proxy) },
        isDocument: endsIn([...documentPaths, ...probes.keys()]),
        maxWaiting: limits.requests_in_flight,
      },
    );
    started.push(publicListener);
    const thread: DocumentsThread | undefined = addresses.documents
      ? await startDocumentsThread({
          ...{
            ...addresses.documents,
            tls: tls && serverPair(tls),
            caps,
            proxies: trust_proxy,
            documentPaths,
          },
          ...{ find, shared: [...documents.keys()], observe: metrics.requestsOf('documents') },
        })
      : undefined;
    if (thread) started.push(thread);
    const router = new Router({ strict: true, sensitive: true });
    mountMonitoring(router, { metrics: metrics.text, health });
    const adminApp = createApp(appOptions('admin'));
    adminApp.use(router.routes());
    adminApp.use((ctx) => {
      answerStoreUnavailable(ctx.res);
      ctx.respond = false;
    });
    const adminListener = await listen(adminApp.callback(), {
      ...{ ...addresses.admin, name: 'admin' },
      tls: isLoopback(addresses.admin.host) || !tls ? null : serverPair(tls),
    });
    started.push(adminListener);
    const close = async () => {
      await Promise.all(started.map((listener) => listener.close()));
    };
    return {
      publicOrigin: publicListener.origin,
      adminOrigin: adminListener.origin,
      documentsOrigin: thread?.origin,
      startShutdown() {
        isShuttingDown = true;
        for (const listener of started) listener.startDraining();
      },
      async release() {
        // These two stop accepting when called.
        void publicListener.close();
        void adminListener.close();
        await thread?.close();
      },
      close,
    };
  } catch (error) {
    await Promise.all(started.map((listener) => listener.close()));
    throw error;
  }
}
