/** The steps of the demo: set up, use credentials, rotate the keys, use credentials again, show refusals. */
import { setTimeout as wait } from 'node:timers/promises';
import * as aws from './customer/aws.ts';
import * as azure from './customer/azure.ts';
import * as gcp from './customer/gcp.ts';
import * as kubernetes from './customer/kubernetes.ts';
import { call, json } from './http.ts';
import type { LocalServer } from './local-server.ts';
import type { DemoOutput } from './output.ts';
import { type ServedCredentials, useOnce } from './use.ts';

interface Scenario {
  readonly server: LocalServer;
  /** The sandbox's origin. */
  readonly sandbox: string;
  readonly output: DemoOutput;
}

interface Connection {
  readonly id: string;
  readonly cloud: ServedCredentials['cloud'];
  readonly subject: string;
  readonly audience: string;
}

interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

const targets = { subscription: azure.subscription, project: gcp.projectId };

export async function runScenario(scenario: Scenario): Promise<void> {
  const { server, sandbox, output } = scenario;

  output.step(
    'The vendor runs Sojourn; the customer has three clouds and a Kubernetes cluster (sandboxes, as strict as the real ones)',
  );
  output.fact('issuer', server.issuer);
  output.fact('init', `${server.created?.keys.length ?? 0} keys, in a temporary folder`);
  output.fact('clouds', `${sandbox}/aws  /azure  /gcp  /kubernetes`);

  output.step('The vendor creates a tenant, four connections and a client');
  const tenant = await server.admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const connections = await createConnections(server, tenant.id);
  const client = await server.admin.post<Credentials>('/clients', {
    name: 'deployer',
    may_use: [{ tenant: tenant.id }],
  });
  output.fact('tenant', tenant.id);
  for (const { cloud, id } of connections) output.fact(cloud, id);
  output.fact('client', `${client.client_id}  (its secret is shown once and stored as a hash)`);

  output.step('The customer applies the generated set-up files in their accounts');
  await setUp(scenario, connections);

  output.step('A service requests a cloud token, like any OAuth client');
  const sample = await fetchToken(server.issuer, client, connections[0]?.id ?? '');
  output.fact(
    'POST /token',
    `grant_type=client_credentials  resource=urn:sojourn:connection:${connections[0]?.id}`,
  );
  output.block(decodeToken(sample));

  output.step('The service gets credentials of each cloud and uses them once');
  await useAllCredentials(scenario, client, connections);

  output.step('The signing keys rotate without a restart and without action by the customer');
  await rotate(scenario);
  output.fact('again', 'a new exchange with each cloud, signed with the new keys');
  for (const { id, cloud } of connections) {
    const { verdict } = await server.admin.post<{ verdict: string }>(`/connections/${id}/verify`);
    if (verdict !== 'active') throw new Error(`${cloud} refused the new key`);
    output.fact(cloud, verdict);
  }
  await useAllCredentials(scenario, client, connections);

  output.step('Invalid requests are refused');
  await showRefusals(scenario, tenant.id, client, connections);

  output.step('The audit log contains all of it');
  const { items } = await server.admin.get<{ items: { event: string }[] }>('/audit?limit=200');
  const byEvent = Map.groupBy(items, ({ event }) => event);
  for (const [event, lines] of [...byEvent].toSorted()) output.fact(event, `${lines.length}`);
}

async function createConnections({ admin }: LocalServer, tenant: string): Promise<Connection[]> {
  const inputs = [
    { name: 'acme-aws', cloud: 'aws', target: { region: 'us-east-1', session_tags: { Team: 'platform' } } },
    { name: 'acme-azure', cloud: 'azure', target: { tenant_id: azure.tenantId } },
    {
      name: 'acme-gcp',
      cloud: 'gcp',
      target: {
        project_number: gcp.projectNumber,
        pool_id: gcp.pool,
        provider_id: gcp.providerId,
        service_account: gcp.serviceAccount,
      },
    },
    // A service with a preset.
    { name: 'acme-cluster', cloud: 'kubernetes', target: { server: 'https://cluster.acme.example:6443' } },
  ];
  const connections: Connection[] = [];
  for (const input of inputs)
    connections.push(await admin.post<Connection>('/connections', { ...input, tenant }));
  return connections;
}

async function setUp(
  { server: { admin }, sandbox, output }: Scenario,
  connections: readonly Connection[],
): Promise<void> {
  for (const { id, cloud } of connections) {
    const file = (name: string) => admin.file(`/connections/${id}/setup/${name}`);
    if (cloud === 'aws') {
      const outputs = await aws.applyTemplate(`${sandbox}/aws`, await file('cloudformation.json'));
      await admin.patch(`/connections/${id}`, { target: { role_arn: outputs.RoleArn } });
      output.fact('aws', `cloudformation.json  →  ${outputs.RoleArn}`);
    } else if (cloud === 'azure') {
      const outputs = await azure.applyTemplate(`${sandbox}/azure`, await file('azuredeploy.json'));
      await admin.patch(`/connections/${id}`, { target: { client_id: outputs.clientId } });
      output.fact('azure', `azuredeploy.json  →  identity ${outputs.clientId}`);
    } else if (cloud === 'kubernetes') {
      const user = await kubernetes.applyConfiguration(
        `${sandbox}/kubernetes`,
        await file('authentication-configuration.yaml'),
      );
      output.fact('kubernetes', `authentication-configuration.yaml  →  user ${user}`);
    } else {
      await gcp.prepareProject(`${sandbox}/gcp`);
      await gcp.applyRequests(`${sandbox}/gcp`, await file('requests.json'));
      output.fact('gcp', `requests.json  →  pool, provider and one binding for ${gcp.serviceAccount}`);
    }
  }
}

const tokenForm = ({ client_id, client_secret }: Credentials, resource: string) =>
  new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret, resource });

async function fetchToken(issuer: string, client: Credentials, connection: string): Promise<string> {
  const body = tokenForm(client, `urn:sojourn:connection:${connection}`);
  return (await json<{ access_token: string }>({ method: 'POST', url: `${issuer}/token`, body }))
    .access_token;
}

function decodeToken(token: string): string[] {
  const [header = '', claims = ''] = token.split('.');
  return [header, claims].map((part) => Buffer.from(part, 'base64url').toString());
}

async function useAllCredentials(
  { server: { issuer }, sandbox, output }: Scenario,
  client: Credentials,
  connections: readonly Connection[],
): Promise<void> {
  const { access_token } = await json<{ access_token: string }>({
    method: 'POST',
    url: `${issuer}/token`,
    body: tokenForm(client, 'urn:sojourn:api'),
  });
  for (const { id, cloud } of connections) {
    const served = await json<ServedCredentials>({
      url: `${issuer}/v1/connections/${id}/credentials`,
      headers: { authorization: `Bearer ${access_token}` },
    });
    output.fact(cloud, `${await useOnce(sandbox, served, targets)}  (until ${served.expires_at})`);
  }
}

interface Keys {
  readonly items: readonly { readonly kid: string; readonly alg: string; readonly state: string }[];
}

async function rotate({ server: { admin }, output }: Scenario): Promise<void> {
  // In the demo a key may sign after one second of publication; the default is 24 hours.
  await wait(1_100);
  const before = await admin.get<Keys>('/keys');
  const after = await admin.post<Keys>('/keys/rotate');
  const active = ({ items }: Keys, alg: string) =>
    items.find((key) => key.alg === alg && key.state === 'active')?.kid;
  for (const alg of ['RS256', 'ES256']) output.fact(alg, `${active(before, alg)}  →  ${active(after, alg)}`);
}

async function showRefusals(
  { server, sandbox, output }: Scenario,
  tenant: string,
  client: Credentials,
  connections: readonly Connection[],
): Promise<void> {
  const [first, second] = connections;
  if (!first || !second) throw new Error('the demo needs two connections');
  const { target } = await server.admin.get<{ target: object }>(`/connections/${first.id}`);
  const sibling = await server.admin.post<Connection>('/connections', {
    name: 'sibling',
    tenant,
    cloud: 'aws',
    target,
  });
  const wrongSubject = await server.admin.post<{ checks: { outcome: string; detail: string }[] }>(
    `/connections/${sibling.id}/verify`,
  );
  output.refusal(
    'wrong subject: another connection at the same role',
    requireRefusal(wrongSubject.checks.find(({ outcome }) => outcome !== 'passed')?.detail),
  );

  const wrongAudience = await call({
    method: 'POST',
    url: `${sandbox}/gcp/v1/token`,
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: gcp.provider,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: await fetchToken(server.issuer, client, second.id),
    }),
  });
  output.refusal(
    'wrong audience: a token for Azure, sent to Google',
    requireRefusal(wrongAudience.status === 200 ? undefined : description(wrongAudience.body)),
  );

  const otherClient = await server.admin.post<Credentials>('/clients', { name: 'other', may_use: [] });
  const { status, body } = await call({
    method: 'POST',
    url: `${server.issuer}/token`,
    body: tokenForm(otherClient, `urn:sojourn:connection:${first.id}`),
  });
  output.refusal(
    'a client that may not use the connection',
    requireRefusal(status === 400 ? description(body) : undefined),
  );
}

/** The description of an OAuth error. */
const description = (body: string): string =>
  (JSON.parse(body) as { error_description: string }).error_description;

function requireRefusal(answer: string | undefined): string {
  if (answer === undefined) throw new Error('a request that must be refused was accepted');
  return answer;
}
