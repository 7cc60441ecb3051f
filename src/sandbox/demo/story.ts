/** The story: set up, enter, rotate, enter again, be refused. */
import { setTimeout as wait } from 'node:timers/promises';
import * as aws from './customer/aws.ts';
import * as azure from './customer/azure.ts';
import * as gcp from './customer/gcp.ts';
import { call, json } from './http.ts';
import type { LocalServer } from './local-server.ts';
import type { Narrator } from './narrator.ts';
import { type Delivered, useOnce } from './use.ts';

interface Stage {
  readonly server: LocalServer;
  /** The sandbox's origin. */
  readonly sandbox: string;
  readonly say: Narrator;
}

interface Connection {
  readonly id: string;
  readonly cloud: 'aws' | 'azure' | 'gcp';
  readonly subject: string;
  readonly audience: string;
}

interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

const places = { subscription: azure.subscription, project: gcp.projectId };

export async function tellStory(stage: Stage): Promise<void> {
  const { server, sandbox, say } = stage;

  say.chapter(
    'The vendor runs Sojourn; a customer and three clouds stand by (sandboxes, as strict as the real ones)',
  );
  say.fact('issuer', server.issuer);
  say.fact('clouds', `${sandbox}/aws  /azure  /gcp`);

  say.chapter('The vendor makes a tenant, three connections and a client');
  const tenant = await server.admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const connections = await connect(server, tenant.id);
  const client = await server.admin.post<Credentials>('/clients', {
    name: 'deployer',
    may_use: [{ tenant: tenant.id }],
  });
  say.fact('tenant', tenant.id);
  for (const { cloud, id } of connections) say.fact(cloud, id);
  say.fact('client', `${client.client_id}  (its secret is shown once and kept as a hash)`);

  say.chapter('The customer applies the generated files in their own accounts');
  await setUp(stage, connections);

  say.chapter('A service fetches a cloud token, as any OAuth client would');
  const sample = await fetchToken(server.issuer, client, connections[0]?.id ?? '');
  say.fact(
    'POST /token',
    `grant_type=client_credentials  resource=urn:sojourn:connection:${connections[0]?.id}`,
  );
  say.block(decoded(sample));

  say.chapter('It trades tokens for credentials and uses each of them once');
  await enterAll(stage, client, connections);

  say.chapter('The signing keys rotate; nobody restarts and nobody is told');
  await rotate(stage);
  say.fact('again', 'a fresh exchange with each cloud, signed by the new keys');
  for (const { id, cloud } of connections) {
    const { verdict } = await server.admin.post<{ verdict: string }>(`/connections/${id}/verify`);
    if (verdict !== 'active') throw new Error(`${cloud} refused the new key`);
    say.fact(cloud, verdict);
  }
  await enterAll(stage, client, connections);

  say.chapter('What must be refused, is');
  await refusals(stage, tenant.id, client, connections);

  say.chapter('All of it is in the audit');
  const { items } = await server.admin.get<{ items: { event: string }[] }>('/audit?limit=200');
  const counted = Map.groupBy(items, ({ event }) => event);
  for (const [event, lines] of [...counted].toSorted()) say.fact(event, `${lines.length}`);
}

async function connect({ admin }: LocalServer, tenant: string): Promise<Connection[]> {
  const wanted = [
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
  ];
  const made: Connection[] = [];
  for (const connection of wanted)
    made.push(await admin.post<Connection>('/connections', { ...connection, tenant }));
  return made;
}

async function setUp(
  { server: { admin }, sandbox, say }: Stage,
  connections: readonly Connection[],
): Promise<void> {
  for (const { id, cloud } of connections) {
    const file = (name: string) => admin.file(`/connections/${id}/setup/${name}`);
    if (cloud === 'aws') {
      const outputs = await aws.applyTemplate(`${sandbox}/aws`, await file('cloudformation.json'));
      await admin.patch(`/connections/${id}`, { target: { role_arn: outputs.RoleArn } });
      say.fact('aws', `cloudformation.json  →  ${outputs.RoleArn}`);
    } else if (cloud === 'azure') {
      const outputs = await azure.applyTemplate(`${sandbox}/azure`, await file('azuredeploy.json'));
      await admin.patch(`/connections/${id}`, { target: { client_id: outputs.clientId } });
      say.fact('azure', `azuredeploy.json  →  identity ${outputs.clientId}`);
    } else {
      await gcp.prepareProject(`${sandbox}/gcp`);
      await gcp.applyRequests(`${sandbox}/gcp`, await file('requests.json'));
      say.fact('gcp', `requests.json  →  pool, provider and one binding for ${gcp.serviceAccount}`);
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

function decoded(token: string): string[] {
  const [header = '', claims = ''] = token.split('.');
  return [header, claims].map((part) => Buffer.from(part, 'base64url').toString());
}

async function enterAll(
  { server: { issuer }, sandbox, say }: Stage,
  client: Credentials,
  connections: readonly Connection[],
): Promise<void> {
  const { access_token } = await json<{ access_token: string }>({
    method: 'POST',
    url: `${issuer}/token`,
    body: tokenForm(client, 'urn:sojourn:api'),
  });
  for (const { id, cloud } of connections) {
    const delivered = await json<Delivered>({
      url: `${issuer}/v1/connections/${id}/credentials`,
      headers: { authorization: `Bearer ${access_token}` },
    });
    say.fact(cloud, `${await useOnce(sandbox, delivered, places)}  (until ${delivered.expires_at})`);
  }
}

interface Keys {
  readonly items: readonly { readonly kid: string; readonly alg: string; readonly state: string }[];
}

async function rotate({ server: { admin }, say }: Stage): Promise<void> {
  // The demo's keys are published for one second before they may sign; 24 hours in real life.
  await wait(1_100);
  const before = await admin.get<Keys>('/keys');
  const after = await admin.post<Keys>('/keys/rotate');
  const active = ({ items }: Keys, alg: string) =>
    items.find((key) => key.alg === alg && key.state === 'active')?.kid;
  for (const alg of ['RS256', 'ES256']) say.fact(alg, `${active(before, alg)}  →  ${active(after, alg)}`);
}

async function refusals(
  { server, sandbox, say }: Stage,
  tenant: string,
  client: Credentials,
  connections: readonly Connection[],
): Promise<void> {
  const [first, second] = connections;
  if (!first || !second) throw new Error('the story needs two connections');
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
  say.refusal(
    'wrong subject: another connection at the same role',
    refused(wrongSubject.checks.find(({ outcome }) => outcome !== 'passed')?.detail),
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
  say.refusal(
    'wrong audience: a token made for Azure, shown to Google',
    refused(wrongAudience.status === 200 ? undefined : description(wrongAudience.body)),
  );

  const stranger = await server.admin.post<Credentials>('/clients', { name: 'stranger', may_use: [] });
  const { status, body } = await call({
    method: 'POST',
    url: `${server.issuer}/token`,
    body: tokenForm(stranger, `urn:sojourn:connection:${first.id}`),
  });
  say.refusal(
    'a client that may not use the connection',
    refused(status === 400 ? description(body) : undefined),
  );
}

/** What an OAuth error says for people. */
const description = (body: string): string =>
  (JSON.parse(body) as { error_description: string }).error_description;

function refused(answer: string | undefined): string {
  if (answer === undefined) throw new Error('something that must be refused was not');
  return answer;
}
