/** Services of the area access: who exists, and who may do what. */
import { readFile } from 'node:fs/promises';
import { type Approvals, createApprovals } from '../../access/approvals/index.ts';
import { type Clients, createClients } from '../../access/clients/index.ts';
import { type Connections, createConnections, isIssuerUnused } from '../../access/connections/index.ts';
import { createFederation, type Federation } from '../../access/federation/index.ts';
import { createPolicy, type Policy } from '../../access/policy/index.ts';
import { createSuspensions, type Suspensions } from '../../access/suspension/index.ts';
import { createTenants, type Tenants } from '../../access/tenants/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { Keyrings, mainRing, type PublicJwk } from '../../tokens/keys/index.ts';
import { propagationObstacles, ringSettings } from '../key-rings/index.ts';
import type { Context } from './context.ts';
import type { State } from './state.ts';

export interface Access {
  readonly keyrings: Keyrings;
  readonly tenants: Tenants;
  readonly connections: Connections;
  readonly clients: Clients;
  readonly approvals: Approvals;
  readonly federation: Federation;
  readonly policy: Policy;
  readonly suspensions: Suspensions;
  /** Decides about credentials in memory, also during an outage of the store if the configuration says so. */
  readonly cached: Pick<Access, 'clients' | 'policy' | 'suspensions'>;
}

/**
 * Opens the key rings too: tenants own rings, and a ring asks whether its tenant exists.
 *
 * @param notUploaded why customers' clouds that hold an uploaded JWKS would not find the key
 */
export async function buildAccess(
  { config, logger, now, steadyNow, clockTrust }: Context,
  { store, reads, audit, backend }: State,
  notUploaded: (ring: string, key: PublicJwk) => Promise<readonly string[]>,
): Promise<Access> {
  const { issuer, keys } = config;
  const keyrings = await Keyrings.open({
    ...ringSettings(config, audit, { logger, now, steadyNow, trust: clockTrust }),
    store,
    backend,
    obstacles: async (ring, key) => [
      ...(await propagationObstacles(key, ring === mainRing ? '' : `/t/${ring}`, issuer, keys)),
      ...(await notUploaded(ring, key)),
    ],
    hasTenant: async (id) => (await tenants.find(id))?.own_keys === true,
    // Only `sojourn init` creates the main ring.
    mayCreate: async (id) => id !== mainRing && isIssuerUnused(store, { id, issuer: tenants.ownIssuer(id) }),
  });
  const tenants: Tenants = createTenants({
    store,
    now,
    issuer,
    makeKeys: (id) => keyrings.of(id),
    removeKeys: (id) => keyrings.remove(id),
  });
  const jwksUris = config.clients.jwks_uris;
  const over = (store: Store) => {
    const connections = createConnections({ store, tenants, now, algorithms: keys.algorithms });
    const clients = createClients({ store, now, connections, tenants, jwksUris });
    const approvals = createApprovals({ store, clients, connections, audit, now });
    const policy = createPolicy({ store, connections, tenants, approvals, audit, now });
    const suspensions = createSuspensions({ store, tenants, now });
    return { connections, clients, approvals, policy, suspensions };
  };
  const current = over(store);
  const federation = createFederation({
    store,
    now,
    allowNetworks: config.federation.allow_networks,
    jwksUris,
    ...(await readAuthorities(config.federation.ca)),
  });
  return { keyrings, tenants, ...current, federation, cached: reads ? over(reads) : current };
}

/** Certificates of private authorities, besides the public ones. */
export const readAuthorities = async (file: string | null): Promise<{ ca?: string }> =>
  file === null ? {} : { ca: await readFile(file, 'utf8') };
