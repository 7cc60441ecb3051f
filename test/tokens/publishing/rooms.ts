/** Publishing with its rooms on a real store, under a clock that is moved by hand. */
import { createApprovals } from '../../../src/access/approvals/index.ts';
import { createClients } from '../../../src/access/clients/index.ts';
import { createConnections } from '../../../src/access/connections/index.ts';
import { createFederation } from '../../../src/access/federation/index.ts';
import { createPolicy } from '../../../src/access/policy/index.ts';
import { createTenants } from '../../../src/access/tenants/index.ts';
import { createAudit } from '../../../src/platform/audit/index.ts';
import { createRequestLimits } from '../../../src/platform/limits/index.ts';
import { createHealth } from '../../../src/server/health/index.ts';
import { createIssuers } from '../../../src/tokens/issuer/index.ts';
import type { Keyrings } from '../../../src/tokens/keys/index.ts';
import { createPublishing } from '../../../src/tokens/publishing/index.ts';
import { type KeysBench, keysBench } from '../keys/bench.ts';
import { day } from '../keys/records.ts';

export const to = 's3://id-example-com/issuer';
const algorithms = ['ES256'] as const;

export interface PublicationRooms {
  readonly keys: KeysBench;
  /** As a server that has just started has them. */
  start(copies?: readonly string[], publishEvery?: number): Promise<Started>;
  end(): Promise<void>;
}

export type Started = Awaited<ReturnType<typeof startOn>>;

export async function publicationRooms(): Promise<PublicationRooms> {
  const keys = await keysBench();
  return {
    keys,
    start: (copies = [], publishEvery = day) => startOn(keys, copies, publishEvery),
    end: keys.end,
  };
}

/** One bucket, to which leads a connection that is not there: whoever publishes is refused, and nobody is asked. */
async function startOn(bench: KeysBench, copies: readonly string[], publishEvery: number) {
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
    policy: createPolicy({ store, connections, tenants, approvals, audit, now }),
    limits: createRequestLimits({ audit, now, perAddress: 1, perClient: 1 }),
    ttl: 300,
    certificates: false,
  });
  /** When something was tried, in milliseconds since the start. */
  const tries: number[] = [];
  const begun = now();
  const { publication, copies: compared } = createPublishing({
    ...{ connections, issuers, tenants, keyrings, audit, logger, now, copies },
    exchange: { attempt: () => Promise.reject(new Error('nobody is asked')) },
    places: [{ to, region: 'us-east-1', connection: 'con_01m8a88jt1jrjr7p98t6njdv7n' }],
    publishEvery,
    compareEvery: 300_000,
    observe: () => tries.push(now() - begun),
  });
  const health = createHealth({
    ...{ store, keyrings, algorithms, backend: {}, shortTimes: false },
    places: publication.states,
    copies: compared.states,
    clock: { told: () => undefined },
  });
  return {
    store,
    keyrings: keyrings as Keyrings,
    tenants,
    issuers,
    publication,
    copies: compared,
    health,
    tries,
  };
}
