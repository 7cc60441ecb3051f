/** Modules as the admin API calls them: every input is parsed by its schema first. */
import { type Approvals, denialInput, grantInput } from '../../src/access/approvals/index.ts';
import { type Clients, clientInput, clientPatch, secretInput } from '../../src/access/clients/index.ts';
import { type Connections, connectionPatch, readNewConnection } from '../../src/access/connections/index.ts';
import { type Policy, policyInput } from '../../src/access/policy/index.ts';
import { type Tenants, tenantInput, tenantMove, tenantPatch } from '../../src/access/tenants/index.ts';
import { type Webhooks, webhookChange, webhookInput } from '../../src/onboarding/webhooks/index.ts';
import { read } from '../../src/platform/validation/index.ts';

export const parsingTenants = (tenants: Tenants) => ({
  ...tenants,
  create: async (input: unknown) => tenants.create(read(tenantInput, input)),
  update: async (id: string, input: unknown) => tenants.update(id, read(tenantPatch, input)),
  move: async (id: string, input: unknown) => tenants.move(id, read(tenantMove, input)),
});

export const parsingConnections = (connections: Connections, tenants: Pick<Tenants, 'open'>) => ({
  ...connections,
  create: async (input: unknown) => connections.create(await readNewConnection(input, tenants)),
  update: async (id: string, input: unknown) => connections.update(id, read(connectionPatch, input)),
});

export const parsingClients = (clients: Clients) => ({
  ...clients,
  create: async (input: unknown) => clients.create(read(clientInput, input)),
  update: async (id: string, input: unknown) => clients.update(id, read(clientPatch, input)),
  addSecret: async (id: string, input: unknown = {}) => clients.addSecret(id, read(secretInput, input)),
});

export const parsingApprovals = (approvals: Approvals) => ({
  ...approvals,
  grant: async (id: string, input: unknown) => approvals.grant(id, read(grantInput, input)),
  deny: async (id: string, input: unknown) => approvals.deny(id, read(denialInput, input)),
});

export const parsingPolicy = (policy: Policy) => ({
  ...policy,
  replace: async (input: unknown) => policy.replace(read(policyInput, input)),
});

export const parsingWebhooks = (webhooks: Webhooks) => ({
  ...webhooks,
  create: async (input: unknown) => webhooks.create(read(webhookInput, input)),
  update: async (id: string, input: unknown) => webhooks.update(id, read(webhookChange, input)),
});
