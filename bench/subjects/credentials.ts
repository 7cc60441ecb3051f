/** This server with the credentials of one AWS connection in its cache, from the sandbox's STS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyTemplate } from '../../src/sandbox/demo/customer/aws.ts';
import { call } from '../../src/sandbox/demo/http.ts';
import { freePort, startLocalServer } from '../../src/sandbox/demo/local-server.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { runSubject } from '../subject.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
const config = { clouds: { aws: { sts_endpoint: `${sandbox.origin}/aws` } } };
const { issuer, admin, adminOrigin, adminToken } = await startLocalServer({
  folder,
  port: await freePort(),
  config,
});

const tenant = await admin.post<{ id: string }>('/tenants', { name: 'Bench' });
const input = { name: 'bench', tenant: tenant.id, cloud: 'aws', target: { region: 'eu-central-1' } };
const { id } = await admin.post<{ id: string }>('/connections', input);
const client = await admin.post<{ client_id: string; client_secret: string }>('/clients', {
  name: 'bench',
  may_use: [{ connection: id }],
});
const template = await call({
  url: `${adminOrigin}/admin/v1/connections/${id}/setup/cloudformation.json`,
  headers: { authorization: `Bearer ${adminToken}` },
});
const { RoleArn } = await applyTemplate(`${sandbox.origin}/aws`, template.body);
await admin.patch(`/connections/${id}`, { target: { role_arn: RoleArn } });

const form = new URLSearchParams({
  grant_type: 'client_credentials',
  resource: 'urn:sojourn:api',
  ...client,
});
const { body } = await call({ method: 'POST', url: `${issuer}/token`, body: form });
const { access_token } = JSON.parse(body) as { access_token: string };
runSubject({
  url: `${issuer}/v1/connections/${id}/credentials`,
  body: '',
  headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
});
