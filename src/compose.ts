/** The composition root: the only file that knows every room, and the only one that is handed the configuration. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Audit, createAudit } from './audit/index.ts';
import { createClients } from './clients/index.ts';
import type { Config } from './config/index.ts';
import { createConnections } from './connections/index.ts';
import { createExchange } from './exchange/index.ts';
import { createHealth } from './health/index.ts';
import { type AppOptions, addressReader, createAdminApp, createPublicApp, listen } from './http/index.ts';
import { createIssuer, placeOf } from './issuer/index.ts';
import {
  encryptionKeyFile,
  faultAt,
  fileHolder,
  Keyring,
  type PublicJwk,
  parseEncryptionKey,
  readCopy,
} from './keys/index.ts';
import { createLogger, type Logger } from './log/index.ts';
import { createMetrics } from './metrics/index.ts';
import { createOnboarding } from './onboarding/index.ts';
import { openAdminToken } from './operator/index.ts';
import { openStore, type Store } from './store/index.ts';
import { createTenants } from './tenants/index.ts';
import { every, type Now, sleep, systemNow } from './time/index.ts';

export interface RunningServer {
  readonly publicOrigin: string;
  readonly adminOrigin: string;
  /** Made at this start; to be shown to the operator this once. */
  readonly newAdminToken: string | undefined;
  /** Not ready, then no new connections, then nothing: no request that was begun fails. */
  close(): Promise<void>;
}

/** Replicas see each other's changes of the key ring within this time. */
const ringPollMs = 2_000;
/** After readiness has gone, load balancers need a moment to look elsewhere. */
const lingerMs = 300;

/** Starts everything, or rejects with a SojournError that says what stops it; then nothing is left running. */
export async function startServer(
  config: Config,
  { logger = createLogger(), now = systemNow }: { logger?: Logger; now?: Now } = {},
): Promise<RunningServer> {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const store = await openStore(config.store, { logger, now });
    undo.push(() => store.close());
    const audit = createAudit({ store, logger, now, onFailure: config.audit.on_failure });
    const keyring = await openKeyring(config, store, audit, { logger, now });
    for (const stop of followRing(keyring, logger)) undo.push(stop);
    const adminToken = await openAdminToken(store, config.admin_token);

    const { issuer: issuerUrl, clouds: endpoints } = config;
    const { algorithms, allow_short_times: shortTimes } = config.keys;
    const metrics = createMetrics();
    metrics.watchKeys(() => ({
      waiting: keyring.waiting.length,
      unseenSeconds: keyring.staleness().ms / 1000,
    }));
    const tenants = createTenants({ store, now });
    const connections = createConnections({ store, tenants, now, issuer: issuerUrl, algorithms });
    const clients = createClients({ store, now, connections, tenants });
    const issuer = createIssuer({
      issuer: issuerUrl,
      ttl: config.tokens.ttl,
      store,
      clients,
      connections,
      keyring,
      algorithms,
      audit,
      logger,
      now,
    });
    const exchange = createExchange({
      connections,
      issuer,
      audit,
      endpoints,
      now,
      observe: metrics.exchange,
    });
    const onboarding = createOnboarding({ vendor: config.vendor, connections, exchange });
    const health = createHealth({ store, keyring, algorithms, shortTimes });

    const readAddress = addressReader(config.trust_proxy);
    const door = (listener: 'public' | 'admin'): AppOptions => ({
      logger,
      now,
      addressOf: (ctx) => readAddress(ctx.req),
      observe: (request) => metrics.request({ listener, ...request }),
    });
    const path = new URL(issuerUrl).pathname.replace(/\/$/, '');
    const publicApp = createPublicApp({ issuer, exchange, audit, now, path }, door('public'));
    const adminApp = createAdminApp(
      {
        tenants,
        clients,
        connections,
        keyring,
        audit,
        now,
        onboarding,
        issuer,
        issuerUrl,
        adminToken,
        metrics: metrics.text,
        readiness: health.checks,
      },
      door('admin'),
    );

    const publicListener = await listen(publicApp.callback(), {
      ...config.listen.public,
      tls: await readTls(config),
      name: 'public',
    });
    undo.push(publicListener.close);
    const adminListener = await listen(adminApp.callback(), {
      ...config.listen.admin,
      tls: null,
      name: 'admin',
    });
    undo.push(adminListener.close);
    undo.push(() => {
      health.leave();
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

async function openKeyring(
  { issuer, keys, store: storeUrl, tokens }: Config,
  store: Store,
  audit: Audit,
  { logger, now }: { logger: Logger; now: Now },
): Promise<Keyring> {
  const nothingSealed = async () => !(await readCopy(keys.path)) && !(await store.get('ring', 'shared'));
  const encryptionKey =
    keys.encryption_key === null
      ? await encryptionKeyFile(
          join(dirname(storeUrl.replace(/^sqlite:/, '')), 'encryption.key'),
          nothingSealed,
        )
      : parseEncryptionKey(keys.encryption_key.value, keys.encryption_key.source);
  return Keyring.open({
    store,
    holder: fileHolder(encryptionKey),
    folder: keys.path,
    algorithms: keys.algorithms,
    timing: {
      rotateEvery: keys.rotate_every * 1000,
      publishLead: keys.publish_lead * 1000,
      retain: keys.retain * 1000,
      // What a connection may ask for at most, whatever the default is.
      longestTokenLife: Math.max(tokens.ttl, 3600) * 1000,
      staleAfter: keys.stale_after * 1000,
    },
    now,
    logger,
    record: ({ event, kid, alg, early }) =>
      audit.record({ event, outcome: 'ok', actor: 'system', kid, facts: { alg, ...(early && { early }) } }),
    obstacles: (key) => obstaclesTo(key, issuer, keys),
    held: ({ kid, alg, obstacles }) => {
      logger.warn({ kid, alg, obstacles }, 'a rotation waits: verifiers would not find the next key');
      audit
        .record({
          event: 'key.held',
          outcome: 'refused',
          actor: 'system',
          kid,
          reason: obstacles.join('; '),
          facts: { alg },
        })
        .catch((err: unknown) => logger.error({ err }, 'a rotation that waits is not in the audit'));
    },
  });
}

/** Where verifiers look for a key and do not find it. */
async function obstaclesTo(
  key: PublicJwk,
  issuer: string,
  { look_outside, copies }: Config['keys'],
): Promise<readonly string[]> {
  const places = [...(look_outside ? [issuer] : []), ...copies].map(placeOf);
  const named = { url: issuer, jwks: placeOf(issuer).jwks };
  const faults = await Promise.all(places.map((place) => faultAt(place, named, key)));
  return faults.filter((fault) => fault !== undefined);
}

/**
 * Follows what other replicas do to the ring, and does what is due. Two rounds, since a key that is due is first looked
 * for outside, and nobody else's revocation waits for that. Returns what ends them.
 */
function followRing(keyring: Keyring, logger: Logger): readonly (() => Promise<void>)[] {
  const round = (work: () => Promise<void>) =>
    every(ringPollMs, () =>
      work().catch((err: unknown) =>
        logger.warn({ err }, 'the key ring cannot be refreshed; going on with the one at hand'),
      ),
    );
  return [round(() => keyring.refresh()), round(() => keyring.advance())];
}

const readTls = async ({ listen: { tls } }: Config) =>
  tls && { cert: await readFile(tls.cert, 'utf8'), key: await readFile(tls.key, 'utf8') };
