/** Requests during the deletion of their client or connection. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Client } from '../../../src/access/clients/index.ts';
import type { Connection } from '../../../src/access/connections/index.ts';
import { createModules, type Modules } from '../../support/modules.ts';

let bench: Modules;
let client: Client;
let connection: Connection;
beforeEach(async () => {
  bench = await createModules();
  const { id: tenant } = await bench.tenants.create({ name: 'A' });
  connection = await bench.connections.create({ name: 'a', tenant, cloud: 'aws', approval: 'required' });
  ({ client } = await bench.clients.create({ name: 'c', may_use: [{ connection: connection.id }] }));
});
afterEach(() => bench.end());

/** Like the policy, which has read client and connection before. */
const check = () => bench.approvals.check(client, connection, { source_ip: '192.0.2.1', request_id: 'r' });
const left = async () => ({
  requests: (await bench.approvals.list({ limit: 5 })).items.map(({ state }) => state),
  told: (await bench.audit().search({ limit: 5 })).items.map(({ event }) => event),
});

test('a client that is deleted during its request leaves no approval and no audit line', async () => {
  await bench.clients.remove(client.client_id);
  await bench.approvals.forget({ client: client.client_id });
  await expect(check()).rejects.toMatchObject({ code: 'connection_not_found' });
  expect(await left()).toEqual({ requests: [], told: [] });
});

test('a connection that is deleted during a request leaves no approval and no audit line', async () => {
  await bench.connections.remove(connection.id);
  await bench.approvals.forget({ connection: connection.id });
  await expect(check()).rejects.toMatchObject({ code: 'connection_not_found' });
  expect(await left()).toEqual({ requests: [], told: [] });
});

test('a request for an existing client and connection is stored and recorded in the audit log', async () => {
  await expect(check()).rejects.toMatchObject({ code: 'approval_required' });
  expect(await left()).toEqual({ requests: ['pending'], told: ['approval.requested'] });
});
