/** This server with its default limits, a client with a secret, and an invitation, as the target of floods. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startLocalServer } from '../../src/sandbox/demo/local-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const config = { limits: {} };
const { issuer, admin } = await startLocalServer({ folder, port: await freePort(), config });

const tenant = await admin.post<{ id: string }>('/tenants', { name: 'Bench' });
const connection = await admin.post<{ id: string }>('/connections', {
  name: 'bench',
  tenant: tenant.id,
  cloud: 'aws',
});
const client = await admin.post<{ client_id: string; client_secret: string }>('/clients', {
  name: 'bench',
  may_use: [{ connection: connection.id }],
});
const invitation = await admin.post<{ url: string }>(`/connections/${connection.id}/invitations`, {});
const form = (secret: string) =>
  new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.client_id,
    client_secret: secret,
    resource: `urn:sojourn:connection:${connection.id}`,
  }).toString();
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.(heapUsed + external);
});
process.on('disconnect', () => process.exit(0));
process.send?.({
  origin: issuer,
  page: new URL(invitation.url).pathname,
  good: form(client.client_secret),
  wrong: form('wrong'),
});
