/** The third step: listens, and starts the background jobs. */
import { createKnownAddresses, limitErrors } from '../../platform/limits/index.ts';
import { isLoopback } from '../../platform/outbound/index.ts';
import { every, type Now, sleep } from '../../platform/time/index.ts';
import { keepCopy } from '../documents-copy/index.ts';
import { createHealth, isReady } from '../health/index.ts';
import {
  type AppOptions,
  addressReader,
  certificateReader,
  createAdminApp,
  createPublicApp,
  type DocumentsThread,
  documentPaths,
  documentsReadinessPath,
  endsIn,
  findDocument,
  followTls,
  type Listener,
  listen,
  type Probes,
  readinessPath,
  readTls,
  serverPair,
  startDocumentsThread,
  type TlsPair,
  unread,
  within,
} from '../http/index.ts';
import { followKeyRings, ringPollMs } from '../key-rings/index.ts';
import type { Context } from './context.ts';
import { asksForCertificates, type Services } from './services.ts';
import type { State } from './state.ts';

export interface Listeners {
  readonly publicListener: Listener;
  readonly adminListener: Listener;
  /** Of `listen.documents`. */
  readonly documents: DocumentsThread | undefined;
}

const webhookPollMs = 1_000;

export async function startListeners(context: Context, state: State, services: Services): Promise<Listeners> {
  const { config, logger, now, shutdown } = context;
  const { keyrings, publishing, metrics, verifier, webhooks, portal } = services;
  observeState(state, services, now);
  if (state.spooling) metrics.watchSpool(state.spooling.waiting);
  if (context.droppedLogLines) metrics.watchLog(context.droppedLogLines);

  for (const stop of followKeyRings(keyrings, logger)) shutdown.add(stop);
  const health = createHealth({
    store: state.store,
    keyrings,
    rollback: state.rollback,
    backend: state.backend,
    algorithms: config.keys.algorithms,
    shortTimes: config.keys.allow_short_times,
    places: publishing.publisher.states,
    copies: publishing.mirrors.states,
    clock: state.clock,
    trust: context.clockTrust,
    suspensions: services.suspensions.list,
    spooled: state.spooling?.waiting,
    sealing: state.sealer.state,
  });

  const addressOf = addressReader(config.trust_proxy);
  const appOptions = (listener: 'public' | 'admin'): AppOptions => ({
    logger: limitErrors(logger, now),
    now,
    addressOf,
    observe: metrics.requestsOf(listener),
  });
  const { audit } = state;
  const auditKey = () => state.sealer.verifierKey()?.text;
  const knownAddresses = createKnownAddresses(now);
  const path = new URL(config.issuer).pathname.replace(/\/$/, '');
  const probes: Probes = new Map([
    [readinessPath, health.isReady],
    [documentsReadinessPath, async () => isReady(health.documentChecks())],
  ]);
  const publicApp = createPublicApp(
    {
      ...services,
      audit,
      auditKey,
      now,
      path,
      probes,
      failedSignIns: config.limits.failed_sign_ins,
      refusedSignIns: config.limits.refused_sign_ins,
      requestsInFlight: config.limits.requests_in_flight,
      knownAddresses,
      certificateOf: certificateReader({
        asked: asksForCertificates(context),
        header: config.listen.client_certificate_header,
        proxies: config.trust_proxy,
      }),
    },
    appOptions('public'),
  );
  const adminApp = createAdminApp(
    {
      ...services,
      audit,
      proofs: state.proofs,
      now,
      metrics: metrics.text,
      presets: config.presets.own,
      health,
      isOwnHost: (host) =>
        isLoopback(host) ||
        host === config.listen.admin.host.toLowerCase() ||
        config.admin.hosts.includes(host),
    },
    appOptions('admin'),
  );

  const caps = { total: config.limits.connections, perGroup: config.limits.connections_per_address };
  const tlsFiles = config.listen.tls;
  const tls = tlsFiles && (await readTls(tlsFiles));
  await context.release?.();
  const publicListener = await listen(publicApp, {
    ...config.listen.public,
    tls,
    name: 'public',
    isDocument: endsIn([...documentPaths, ...probes.keys()]),
    isKnown: knownAddresses.has,
    maxWaiting: config.limits.requests_in_flight,
    onBusy: () => metrics.requestsOf('public')(unread),
    isProxy: within(config.trust_proxy),
    caps,
  });
  shutdown.add(publicListener.close);
  const documents = config.listen.documents
    ? await startDocumentsThread({
        ...config.listen.documents,
        ...{ tls: tls && serverPair(tls), caps, proxies: config.trust_proxy, documentPaths },
        find: findDocument(services.issuers, path, auditKey),
        shared: documentPaths.map((end) => path + end),
        observe: metrics.requestsOf('documents'),
      })
    : undefined;
  if (documents) {
    shutdown.add(documents.close);
    keyrings.onChange(() => void documents.update());
  }
  const adminListener = await listen(adminApp.callback(), {
    ...config.listen.admin,
    // On loopback it speaks plain http; anywhere else its token must not cross the network in the clear.
    tls: isLoopback(config.listen.admin.host) || !tls ? null : serverPair(tls),
    name: 'admin',
  });
  shutdown.add(adminListener.close);
  // Runs before the listeners close: an event stream of the customer's page does not end otherwise.
  shutdown.add(portal.close);

  const { backend } = state;
  shutdown.add(keepCopy({ ...services, backend, folder: config.keys.path, logger, now }));
  shutdown.add(publishing.start(ringPollMs));
  shutdown.add(verifier.start());
  shutdown.add(webhooks.close);
  shutdown.add(every(webhookPollMs, webhooks.tick));
  if (tlsFiles && tls) {
    const take = (pair: TlsPair) => {
      publicListener.renewTls(pair);
      adminListener.renewTls(serverPair(pair));
      documents?.renewTls(serverPair(pair));
    };
    shutdown.add(followTls(tlsFiles, { current: tls, take, logger }));
  }
  shutdown.add(() => {
    health.startShutdown();
    publicListener.startDraining();
    adminListener.startDraining();
    documents?.startDraining();
    return sleep(config.shutdown.drain * 1000);
  });
  return { publicListener, adminListener, documents };
}

/** Gauges that are read at each scrape. */
function observeState(
  { sealer }: State,
  { metrics, keyrings, outageBudget, publishing, suspensions }: Services,
  now: Now,
): void {
  metrics.watchSealing(() => {
    const { size, unsealedSince } = sealer.state();
    return { lines: size, unsealedSeconds: unsealedSince === undefined ? 0 : (now() - unsealedSince) / 1000 };
  });
  metrics.watchKeys(() => ({
    postponed: keyrings.postponed().length,
    stalenessSeconds: keyrings.main.staleness().ms / 1000,
  }));
  metrics.watchOutage(async () => (await outageBudget.compute()).first[0]?.remaining_seconds);
  metrics.watchSuspensions(suspensions.list);
  metrics.watchMirrors(() => ({
    publishFailing: publishing.publisher.states().filter(({ failure }) => failure).length,
    drifted: publishing.mirrors.states().filter(({ reason }) => reason !== undefined).length,
  }));
}
