/** This server on its embedded store with audit and metrics, one AWS connection (ES256) and a client with a secret. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startLocalServer } from '../../src/sandbox/demo/local-server.ts';
import { runSubject } from '../subject.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const { issuer, admin } = await startLocalServer({ folder, port: await freePort() });

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
const body = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: client.client_id,
  client_secret: client.client_secret,
  resource: `urn:sojourn:connection:${connection.id}`,
});
runSubject({ url: `${issuer}/token`, body: body.toString() });
