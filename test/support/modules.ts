/** The modules of src/access on a real store, with an adjustable clock and all log lines. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApprovals } from '../../src/access/approvals/index.ts';
import { createClients } from '../../src/access/clients/index.ts';
import { createConnections } from '../../src/access/connections/index.ts';
import { createPolicy } from '../../src/access/policy/index.ts';
import { createTenants } from '../../src/access/tenants/index.ts';
import type { Algorithm } from '../../src/clouds/index.ts';
import { createAudit } from '../../src/platform/audit/index.ts';
import { type Fault, SojournError } from '../../src/platform/errors/index.ts';
import { createLogger } from '../../src/platform/log/index.ts';
import { openStore, type Store } from '../../src/platform/store/index.ts';
import {
  parsingApprovals,
  parsingClients,
  parsingConnections,
  parsingPolicy,
  parsingTenants,
} from './parsing.ts';

/** 2026-11-23T12:00:00Z */
export const noon = 1_795_435_200_000;
export const atNoon = '2026-11-23T12:00:00.000Z';
export const aMinuteLater = '2026-11-23T12:01:00.000Z';
export const issuer = 'https://id.example.com';

export const roleArn = 'arn:aws:iam::111122223333:role/vendor';
export const guid = '11111111-2222-4333-8444-555555555555';
export const azureTarget = { tenant_id: guid, client_id: guid };
export const gcpTarget = { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor' };

export async function createModules(algorithms: readonly Algorithm[] = ['RS256', 'ES256']) {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-rooms-'));
  const clock = { ms: noon };
  const now = () => clock.ms;
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const logger = createLogger({ level: 'debug', destination });
  const store = await openStore(`sqlite:${join(folder, 'sojourn.db')}`, { logger, now });
  const createdKeys: string[] = [];
  const removedKeys: string[] = [];
  const tenantsOn = (on: Store) =>
    createTenants({
      store: on,
      now,
      issuer,
      makeKeys: async (id) => createdKeys.push(id),
      removeKeys: async (id) => {
        removedKeys.push(id);
      },
    });
  const tenants = tenantsOn(store);
  const connectionsOn = (on: Store) => {
    const onTenants = on === store ? tenants : tenantsOn(on);
    const made = createConnections({ store: on, tenants: onTenants, now, algorithms });
    return parsingConnections(made, onTenants);
  };
  const connections = connectionsOn(store);
  const audit = (onFailure: 'refuse' | 'continue' = 'refuse') =>
    createAudit({ store, logger, now, onFailure });
  const clients = createClients({ store, now, connections, tenants });
  const approvals = createApprovals({ store, clients, connections, audit: audit(), now });
  return {
    clock,
    store,
    tenants: parsingTenants(tenants),
    /** The same modules on another store. */
    tenantsOn,
    connectionsOn,
    /** Ids of tenants whose keys were created or removed. */
    createdKeys,
    removedKeys,
    connections,
    approvals: parsingApprovals(approvals),
    clients: parsingClients(clients),
    policy: parsingPolicy(createPolicy({ store, connections, tenants, approvals, audit: audit(), now })),
    audit,
    logged: () => log,
    lines: () =>
      log
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    /** All bytes on the disk. */
    async bytes() {
      const files = await readdir(folder);
      return Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file)))));
    },
    async end() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Modules = Awaited<ReturnType<typeof createModules>>;

/** The faults of the `invalid_request` with which `work` rejects; fails if it does not reject that way. */
export async function faultsOf(work: () => unknown): Promise<readonly Fault[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SojournError && error.code === 'invalid_request') return error.faults;
    throw error;
  }
  throw new Error('it was not refused');
}
