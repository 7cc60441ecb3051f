/** Publishing with its dependencies on a real store and a clock that the test sets. */
import { createApprovals } from '../../../src/access/approvals/index.ts';
import { createClients } from '../../../src/access/clients/index.ts';
import { createConnections } from '../../../src/access/connections/index.ts';
import { createFederation } from '../../../src/access/federation/index.ts';
import { createPolicy } from '../../../src/access/policy/index.ts';
import { createSuspensions } from '../../../src/access/suspension/index.ts';
import { createTenants } from '../../../src/access/tenants/index.ts';
import { createAudit } from '../../../src/platform/audit/index.ts';
import { createRequestLimits } from '../../../src/platform/limits/index.ts';
import { createHealth } from '../../../src/server/health/index.ts';
import { createIssuers } from '../../../src/tokens/issuer/index.ts';
import type { Keyrings } from '../../../src/tokens/keys/index.ts';
import { createPublishing } from '../../../src/tokens/publishing/index.ts';
import { type KeysBench, keysBench } from '../keys/bench.ts';
import { day } from '../keys/records.ts';

export const bucket = 's3://id-example-com/issuer';
const algorithms = ['ES256'] as const;

export interface PublishingSuite {
  readonly keys: KeysBench;
  /** Publishing as in a server that has just started. */
  start(mirrors?: readonly string[], republishEvery?: number): Promise<Started>;
  end(): Promise<void>;
}

export type Started = Awaited<ReturnType<typeof startOn>>;

export async function publishingSuite(): Promise<PublishingSuite> {
  const keys = await keysBench();
  return {
    keys,
    start: (mirrors = [], republishEvery = day) => startOn(keys, mirrors, republishEvery),
    end: keys.end,
  };
}

/** One bucket whose connection does not exist, so that every publish is refused before a cloud is called. */
async function startOn(bench: KeysBench, mirrorUrls: readonly string[], republishEvery: number) {
  const { now, logger } = bench;
  const store = await bench.openStore();
  const keyrings = await bench.rings({ store });
  const issuer = 'https://id.example.com';
  const removeKeys = (id: string) => keyrings.remove(id);
  const tenants = createTenants({ store, now, issuer, makeKeys: (id) => keyrings.of(id), removeKeys });
  const connections = createConnections({ store, tenants, now, algorithms });
  const audit = createAudit({ store, logger, now, onFailure: 'refuse' });
  const clients = createClients({ store, now, connections, tenants });
  const approvals = createApprovals({ store, clients, connections, audit, now });
  const issuers = createIssuers({
    ...{ store, issuer, connections, tenants, keyrings, audit, logger, now, algorithms },
    clients,
    federation: createFederation({ store, now, allowNetworks: [] }),
    suspensions: createSuspensions({ store, tenants, now }),
    policy: createPolicy({ store, connections, tenants, approvals, audit, now }),
    limits: createRequestLimits({ audit, now, perAddress: 1, perClient: 1, perInvitation: 1_000 }),
    ttl: 300,
    certificates: false,
  });
  /** Times of the attempts, in milliseconds since the start. */
  const attempts: number[] = [];
  const startedAt = now();
  const { publisher, mirrors } = createPublishing({
    ...{ connections, issuers, tenants, keyrings, audit, logger, now, mirrors: mirrorUrls },
    exchange: { attemptToPublish: () => Promise.reject(new Error('no cloud is called')) },
    buckets: [{ to: bucket, region: 'us-east-1', connection: 'con_01m8a88jt1jrjr7p98t6njdv7n' }],
    republishEvery,
    checkMirrorsEvery: 300_000,
    observe: () => attempts.push(now() - startedAt),
  });
  const health = createHealth({
    ...{ store, keyrings, algorithms, shortTimes: false },
    backend: { sign: () => Promise.reject(new Error('nothing is signed')) },
    rollback: { failure: () => undefined },
    places: publisher.states,
    copies: mirrors.states,
    clock: { lastJump: () => undefined },
    trust: {},
    suspensions: async () => [],
    sealing: () => ({ size: 0, unsealedSince: undefined, failure: undefined }),
  });
  return {
    store,
    keyrings: keyrings as Keyrings,
    tenants,
    issuers,
    publisher,
    mirrors,
    health,
    attempts,
  };
}
