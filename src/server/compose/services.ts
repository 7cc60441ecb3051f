/** The second step: builds every service from the open state. Nothing listens or runs in the background yet. */
import { type AdminToken, openAdminToken } from '../../access/admin-token/index.ts';
import { settingsByCloud } from '../../clouds/index.ts';
import { createInvitations, type Invitations } from '../../onboarding/invitations/index.ts';
import { createPortal, type Portal } from '../../onboarding/portal/index.ts';
import { createDocumentChecks, createSetup, type Setup } from '../../onboarding/setup/index.ts';
import { createVerifier, recordDrift, type Verifier } from '../../onboarding/verification/index.ts';
import { createWebhooks, type Webhooks } from '../../onboarding/webhooks/index.ts';
import {
  createFairQueue,
  createRequestLimits,
  limitErrors,
  type RequestLimits,
} from '../../platform/limits/index.ts';
import { createMetrics, type Metrics } from '../../platform/metrics/index.ts';
import { addressFilterFor } from '../../platform/outbound/index.ts';
import { systemElapsed } from '../../platform/time/index.ts';
import { createExchange, type Exchange } from '../../tokens/exchange/index.ts';
import { createIssuers, type Issuers } from '../../tokens/issuer/index.ts';
import { createOutageBudget, type OutageBudget } from '../../tokens/outage-budget/index.ts';
import { createPublishing, createTemplates } from '../../tokens/publishing/index.ts';
import { createUploads, type Uploads } from '../../tokens/uploaded-keys/index.ts';
import { mirrorUrls } from '../key-rings/index.ts';
import { type Access, buildAccess, readAuthorities } from './access.ts';
import type { Context } from './context.ts';
import { requirePresets } from './presets.ts';
import { type State, startSealing } from './state.ts';

export interface Services extends Access {
  readonly adminToken: AdminToken;
  readonly metrics: Metrics;
  readonly limits: RequestLimits;
  readonly issuers: Issuers;
  readonly outageBudget: OutageBudget;
  readonly exchange: Exchange;
  readonly verifier: Verifier;
  readonly setup: Setup;
  readonly invitations: Invitations;
  readonly portal: Portal;
  readonly publishing: ReturnType<typeof createPublishing>;
  readonly webhooks: Webhooks;
}

export async function buildServices(context: Context, state: State): Promise<Services> {
  const { config, logger, now } = context;
  const { store, audit } = state;
  const { issuer, vendor } = config;
  const settings = settingsByCloud(config.clouds, config.presets);

  const access = await buildAccess(context, state, (ring, key) => uploads.obstacles(ring, key));
  const { keyrings, tenants, connections, clients, federation, policy, suspensions, cached } = access;
  await requirePresets(connections);
  await startSealing(context, state);
  const adminToken = await openAdminToken(store, config.admin_token);
  const metrics = createMetrics();
  const limits = createRequestLimits({
    audit,
    now,
    perAddress: config.limits.requests_per_address,
    perClient: config.limits.requests_per_client,
    perInvitation: config.limits.requests_per_invitation,
  });

  const issuers = createIssuers({
    issuer,
    ttl: config.tokens.ttl,
    algorithms: config.keys.algorithms,
    certificates: asksForCertificates(context) || config.listen.client_certificate_header !== null,
    store,
    clients,
    apiClients: cached.clients,
    federation,
    connections,
    policy,
    suspensions,
    tenants,
    keyrings,
    audit,
    limits,
    logger: limitErrors(logger, now),
    now,
  });
  const outageBudget = createOutageBudget({ store, logger, now });
  const exchange = createExchange({
    policy,
    suspensions,
    cached,
    issuers,
    audit,
    settings,
    outageBudget,
    fairQueue: createFairQueue({
      total: config.limits.concurrent_exchanges,
      perTenant: config.limits.concurrent_exchanges_per_tenant,
    }),
    now,
    elapsed: systemElapsed,
    observe: metrics.exchange,
    observeTime: state.clock.observe,
  });
  const uploads: Uploads = createUploads({ connections, issuers, keyrings });
  const publishing = createPublishing({
    connections,
    exchange,
    issuers,
    tenants,
    keyrings,
    audit,
    logger,
    now,
    buckets: config.keys.publish,
    mirrors: mirrorUrls(config.keys),
    republishEvery: config.keys.republish_every * 1000,
    checkMirrorsEvery: config.keys.check_mirrors_every * 1000,
    observe: metrics.publishAttempt,
  });

  const verifier = createVerifier({
    connections,
    tenants,
    issuers,
    exchange,
    audit,
    store,
    logger,
    now,
    settings,
    vendor,
    prober: issuers.takeProber(),
    checkPropagation: config.keys.check_propagation,
    every: config.verify.every * 1000,
  });
  connections.onVerdict(recordDrift(audit));
  const checks = createDocumentChecks(config.presets.own, now);
  context.shutdown.add(checks.close);
  const setup = createSetup({
    vendor,
    checks,
    connections,
    tenants,
    verifier,
    keysFor: uploads.keysFor,
    permissions: config.setup.permissions,
    publish: createTemplates({ bucket: config.setup.templates, connections, exchange, logger, now }),
  });
  const invitations = createInvitations({ store, now, issuer });
  const portal = createPortal({ connections, invitations, setup, audit, logger, now });
  const webhooks = createWebhooks({
    store,
    audit,
    tenants,
    logger,
    now,
    observe: metrics.deliveryAttempt,
    state: (typ, claims) => issuers.shared.signStatement(typ, claims),
    guard: {
      isAllowed: addressFilterFor(config.webhooks.allow_networks),
      setting: 'webhooks.allow_networks',
      ...(await readAuthorities(config.webhooks.ca)),
    },
  });

  return {
    ...access,
    adminToken,
    metrics,
    limits,
    issuers,
    outageBudget,
    exchange,
    verifier,
    setup,
    invitations,
    portal,
    publishing,
    webhooks,
  };
}

/** Whether the public listener itself asks clients for certificates. */
export const asksForCertificates = ({ config }: Pick<Context, 'config'>): boolean =>
  typeof config.listen.tls?.client_ca === 'string';
