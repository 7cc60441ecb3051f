/** The composition root: the only file that knows every room, and the only one that is handed the configuration. */
import { readFile } from 'node:fs/promises';
import { openAdminToken } from '../access/admin-token/index.ts';
import { createApprovals } from '../access/approvals/index.ts';
import { createClients } from '../access/clients/index.ts';
import { createConnections, nobodyTrusts } from '../access/connections/index.ts';
import { createFederation } from '../access/federation/index.ts';
import { createPolicy } from '../access/policy/index.ts';
import { createTenants, type Tenants } from '../access/tenants/index.ts';
import { createInvitations } from '../onboarding/invitations/index.ts';
import { createCustomer } from '../onboarding/portal/index.ts';
import { createOnboarding } from '../onboarding/setup/index.ts';
import { createVerifier, recordDrift } from '../onboarding/verification/index.ts';
import { createWebhooks } from '../onboarding/webhooks/index.ts';
import { createAudit } from '../platform/audit/index.ts';
import { createRequestLimits, createTurns } from '../platform/limits/index.ts';
import { createLogger, type Logger } from '../platform/log/index.ts';
import { createMetrics } from '../platform/metrics/index.ts';
import { permitsIn } from '../platform/outbound/index.ts';
import { openStore } from '../platform/store/index.ts';
import { every, type Now, sleep, steadyOf, systemElapsed, systemNow } from '../platform/time/index.ts';
import { createExchange } from '../tokens/exchange/index.ts';
import { createIssuers } from '../tokens/issuer/index.ts';
import { Keyrings, mainRing } from '../tokens/keys/index.ts';
import { createOutage } from '../tokens/outage/index.ts';
import { createPublishing, createTemplates } from '../tokens/publishing/index.ts';
import { createUploads } from '../tokens/uploaded-keys/index.ts';
import { type Config, isLoopback } from './config/index.ts';
import { createHealth, watchClock } from './health/index.ts';
import {
  type AppOptions,
  addressReader,
  certificateReader,
  createAdminApp,
  createPublicApp,
  followTls,
  listen,
  readTls,
  type TlsPair,
} from './http/index.ts';
import {
  followRings,
  mirrorsIn,
  obstaclesTo,
  openKeyBackend,
  ringPollMs,
  ringSettings,
} from './key-rings/index.ts';

export interface RunningServer {
  readonly publicOrigin: string;
  readonly adminOrigin: string;
  /** Made at this start; to be shown to the operator this once. */
  readonly newAdminToken: string | undefined;
  /** Not ready, then no new connections, then nothing: no request that was begun fails. */
  close(): Promise<void>;
}

/** Administrators come with a token, and are not asked for a certificate. */
const pairOf = ({ cert, key }: TlsPair): TlsPair => ({ cert, key });

/** After readiness has gone, load balancers need a moment to look elsewhere. */
const lingerMs = 300;

const webhookPollMs = 1_000;
const clockLookMs = 1_000;

/** Starts everything, or rejects with a SojournError that says what stops it; then nothing is left running. */
export async function startServer(
  config: Config,
  given: { logger?: Logger; now?: Now; steadyNow?: Now } = {},
): Promise<RunningServer> {
  const { logger = createLogger(), now = systemNow } = given;
  // Whoever says what time it is may turn the clock, unless they say otherwise.
  const { steadyNow = given.now ?? steadyOf(systemNow, systemElapsed) } = given;
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const store = await openStore(config.store, { logger, now });
    undo.push(() => store.close());
    const audit = createAudit({ store, logger, now, onFailure: config.audit.on_failure });
    const backend = await openKeyBackend(config, store, { logger, now });
    undo.push(() => backend.close?.());
    const { issuer: issuerUrl, clouds: endpoints } = config;
    const { algorithms, allow_short_times: shortTimes } = config.keys;
    const keyrings = await Keyrings.open({
      ...ringSettings(config, audit, { logger, now, steadyNow }),
      obstacles: async (ring, key) => [
        ...(await obstaclesTo(key, ring === mainRing ? '' : `/t/${ring}`, issuerUrl, config.keys)),
        ...(await uploads.obstacles(ring, key)),
      ],
      store,
      backend,
      wanted: async (id) => (await tenants.find(id))?.own_keys === true,
      mayMake: (id) =>
        nobodyTrusts(store, id === mainRing ? undefined : { id, issuer: tenants.ownIssuer(id) }),
    });
    const adminToken = await openAdminToken(store, config.admin_token);

    const metrics = createMetrics();
    metrics.watchKeys(() => ({
      waiting: keyrings.waiting().length,
      unseenSeconds: keyrings.main.staleness().ms / 1000,
    }));
    const tenants: Tenants = createTenants({
      store,
      now,
      issuer: issuerUrl,
      makeKeys: (id) => keyrings.of(id),
      removeKeys: (id) => keyrings.remove(id),
    });
    const connections = createConnections({ store, tenants, now, algorithms });
    const invitations = createInvitations({ store, now, issuer: issuerUrl });
    const clients = createClients({ store, now, connections, tenants, jwksUris: config.clients.jwks_uris });
    const approvals = createApprovals({ store, clients, connections, audit, now });
    const federation = createFederation({
      store,
      now,
      allowNetworks: config.federation.allow_networks,
      jwksUris: config.clients.jwks_uris,
      ...(await authoritiesIn(config.federation.ca)),
    });
    const limits = createRequestLimits({
      ...{ audit, now },
      perAddress: config.limits.requests_per_address,
      perClient: config.limits.requests_per_client,
    });
    const policy = createPolicy({ store, connections, tenants, approvals, audit, now });
    const { tls: tlsFiles, client_certificate_header: header } = config.listen;
    const asked = typeof tlsFiles?.client_ca === 'string';
    const issuers = createIssuers({
      certificates: asked || header !== null,
      issuer: issuerUrl,
      ttl: config.tokens.ttl,
      store,
      clients,
      federation,
      connections,
      policy,
      tenants,
      keyrings,
      algorithms,
      audit,
      limits,
      logger,
      now,
    });
    const outage = createOutage({ store, logger, now });
    metrics.watchOutage(async () => (await outage.budget()).first[0]?.seconds);
    const exchange = createExchange({
      policy,
      issuers,
      audit,
      endpoints,
      outage,
      turns: createTurns({
        atOnce: config.limits.concurrent_exchanges,
        ofOne: config.limits.concurrent_exchanges_per_tenant,
      }),
      now,
      elapsed: systemElapsed,
      observe: metrics.exchange,
    });
    const uploads = createUploads({ connections, issuers, keyrings });
    const verifier = createVerifier({
      ...{ connections, tenants, issuers, exchange, audit, store, logger, now, endpoints },
      vendor: config.vendor,
      prober: issuers.takeProber(),
      checkPropagation: config.keys.check_propagation,
      every: config.verify.every * 1000,
    });
    connections.onVerdict(recordDrift(audit));
    const onboarding = createOnboarding({
      ...{ vendor: config.vendor, connections, tenants, verifier },
      keysFor: uploads.keysFor,
      permissions: config.setup.permissions,
      publish: createTemplates({ place: config.setup.templates, connections, exchange, logger, now }),
    });
    const customer = createCustomer({ connections, invitations, onboarding, audit, logger, now });
    for (const stop of followRings(keyrings, logger)) undo.push(stop);
    const { publication, copies, start } = createPublishing({
      ...{ connections, exchange, issuers, tenants, keyrings, audit, logger, now },
      places: config.keys.publish,
      copies: mirrorsIn(config.keys),
      publishEvery: config.keys.republish_every * 1000,
      compareEvery: config.keys.check_mirrors_every * 1000,
      observe: metrics.publication,
    });
    metrics.watchCopies(() => ({
      unpublished: publication.states().filter(({ failure }) => failure).length,
      differing: copies.states().filter(({ reason }) => reason !== undefined).length,
    }));
    const webhooks = createWebhooks({
      ...{ store, audit, tenants, logger, now, observe: metrics.webhook },
      state: (typ, claims) => issuers.main.state(typ, claims),
      guard: {
        permits: permitsIn(config.webhooks.allow_networks),
        allowedBy: 'webhooks.allow_networks',
        ...(await authoritiesIn(config.webhooks.ca)),
      },
    });
    const clock = watchClock({ now, elapsed: systemElapsed, logger });
    undo.push(every(clockLookMs, async () => clock.look()));
    const health = createHealth({
      ...{ store, keyrings, backend, algorithms, shortTimes },
      places: publication.states,
      copies: copies.states,
      clock,
    });

    const readAddress = addressReader(config.trust_proxy);
    const door = (listener: 'public' | 'admin'): AppOptions => ({
      logger,
      now,
      addressOf: (ctx) => readAddress(ctx.req),
      observe: (request) => metrics.request({ listener, ...request }),
    });
    const path = new URL(issuerUrl).pathname.replace(/\/$/, '');
    const publicApp = createPublicApp(
      {
        ...{
          issuers,
          exchange,
          customer,
          audit,
          now,
          path,
          limits,
          failedSignIns: config.limits.failed_sign_ins,
        },
        certificateOf: certificateReader({ asked, header, proxies: config.trust_proxy }),
      },
      door('public'),
    );
    const adminApp = createAdminApp(
      {
        tenants,
        clients,
        connections,
        policy,
        invitations,
        approvals,
        keyrings,
        audit,
        now,
        onboarding,
        issuers,
        webhooks,
        outage,
        adminToken,
        metrics: metrics.text,
        readiness: health.checks,
      },
      door('admin'),
    );

    const tls = tlsFiles && (await readTls(tlsFiles));
    const publicListener = await listen(publicApp.callback(), {
      ...config.listen.public,
      tls,
      name: 'public',
    });
    undo.push(publicListener.close);
    const adminListener = await listen(adminApp.callback(), {
      ...config.listen.admin,
      // Probes and the command line of this machine do without; what leaves it carries the token that opens everything.
      tls: isLoopback(config.listen.admin.host) || !tls ? null : pairOf(tls),
      name: 'admin',
    });
    undo.push(adminListener.close);
    // Before the listeners: a live status never ends by itself.
    undo.push(customer.close);
    undo.push(start(ringPollMs), verifier.start());
    undo.push(webhooks.close, every(webhookPollMs, webhooks.turn));
    if (tlsFiles && tls) {
      const take = (pair: TlsPair) => {
        publicListener.renew(pair);
        adminListener.renew(pairOf(pair));
      };
      undo.push(followTls(tlsFiles, { current: tls, take, logger }));
    }
    undo.push(() => {
      health.leave();
      publicListener.leave();
      adminListener.leave();
      return sleep(lingerMs);
    });
    return {
      publicOrigin: publicListener.origin,
      adminOrigin: adminListener.origin,
      newAdminToken: adminToken.made,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const authoritiesIn = async (file: string | null): Promise<{ ca?: string }> =>
  file === null ? {} : { ca: await readFile(file, 'utf8') };
