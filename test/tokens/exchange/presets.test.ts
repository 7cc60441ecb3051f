/**
 * Every preset against the stand-in of its dialect, and a thirteenth that is one file in the operator's folder. The stand-ins
 * evaluate the token with their own code.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builtInPresets, clouds } from '../../../src/clouds/index.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { startAuthority } from '../../support/authority.ts';
import { loopbackOnly } from '../../support/no-network.ts';
import { testWith } from '../../support/programs.ts';
import type { TestConnection } from '../../support/server.ts';
import { until } from '../publishing/bench.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const root = join(import.meta.dirname, '../../..');

interface Row {
  readonly preset: string;
  readonly target: Readonly<Record<string, unknown>>;
  /** Of the stand-in: what the customer expects besides issuer, audience and subject. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The stand-in, if it is that of another preset. */
  readonly service?: string;
  /** The outcomes of a refused issuer, audience, subject and expiry. */
  readonly refusals: readonly [issuer: string, audience: string, subject: string, expired: string];
  readonly variables: readonly string[];
}

const uuid = '11111111-2222-4333-8444-555555555555';
const alike = (code: string) => [code, code, code, code] as const;
const trustRefused = alike('cloud_trust_refused');
/** RabbitMQ does not check the subject. */
const accepted = 'The service accepted a fresh token.';
const issued = 'The cloud issued credentials for a fresh token.';

const rows: readonly Row[] = [
  {
    preset: 'oidc',
    target: { audience: 'https://api.example', token_endpoint: 'https://auth.example/token', scope: 'read' },
    parameters: { scope: 'read' },
    refusals: trustRefused,
    variables: ['OIDC_ACCESS_TOKEN'],
  },
  {
    preset: 'kubernetes',
    target: { server: 'https://k8s.example:6443' },
    refusals: trustRefused,
    variables: [],
  },
  {
    preset: 'vault',
    target: { address: 'https://vault.example:8200' },
    parameters: { role: 'vendor' },
    refusals: [
      'cloud_issuer_unknown',
      'cloud_audience_mismatch',
      'cloud_subject_mismatch',
      'cloud_token_time',
    ],
    variables: ['VAULT_ADDR', 'VAULT_TOKEN', 'BAO_ADDR', 'BAO_TOKEN'],
  },
  {
    preset: 'databricks',
    target: { workspace: 'https://dbc-1.cloud.databricks.com', client_id: uuid },
    parameters: { client_id: uuid, scope: 'all-apis' },
    refusals: trustRefused,
    variables: ['DATABRICKS_HOST', 'DATABRICKS_CLIENT_ID', 'DATABRICKS_AUTH_TYPE'],
  },
  {
    preset: 'rabbitmq',
    target: {
      host: 'rabbit.example',
      resource_server_id: 'rabbit',
      permissions: 'rabbit.read:%2F/orders',
      management: 'https://rabbit.example:15671',
    },
    parameters: { scope: 'rabbit.read:%2F/orders' },
    refusals: ['cloud_trust_refused', 'cloud_trust_refused', accepted, 'cloud_trust_refused'],
    variables: ['RABBITMQ_HOST', 'RABBITMQ_USERNAME', 'RABBITMQ_PASSWORD'],
  },
  {
    preset: 'openai',
    target: { identity_provider_id: 'idp_1', service_account_id: 'user-1' },
    parameters: { identity_provider_id: 'idp_1', service_account_id: 'user-1' },
    refusals: trustRefused,
    variables: ['OPENAI_API_KEY', 'OPENAI_IDENTITY_PROVIDER_ID', 'OPENAI_SERVICE_ACCOUNT_ID'],
  },
  {
    preset: 'anthropic',
    target: { organization_id: uuid, federation_rule_id: 'fdrl_1' },
    parameters: { organization_id: uuid, federation_rule_id: 'fdrl_1' },
    refusals: trustRefused,
    variables: ['ANTHROPIC_FEDERATION_RULE_ID', 'ANTHROPIC_ORGANIZATION_ID'],
  },
  {
    preset: 's3-sts',
    target: { endpoint: 'https://s3.example', role_arn: 'arn:aws:iam:::role/vendor' },
    parameters: { RoleArn: 'arn:aws:iam:::role/vendor' },
    refusals: trustRefused,
    variables: [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
    ],
  },
  {
    preset: 'minio',
    target: {
      endpoint: 'https://minio.example',
      role_arn: 'arn:minio:iam:::role/vendor',
      audience: 'acme-minio',
    },
    parameters: { RoleArn: 'arn:minio:iam:::role/vendor' },
    refusals: ['cloud_trust_refused', 'cloud_audience_mismatch', issued, 'cloud_token_time'],
    variables: [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
    ],
  },
  {
    preset: 'alibaba',
    target: {
      role_arn: 'acs:ram::12345678:role/vendor',
      provider_arn: 'acs:ram::12345678:oidc-provider/sojourn',
    },
    parameters: {
      RoleArn: 'acs:ram::12345678:role/vendor',
      OIDCProviderArn: 'acs:ram::12345678:oidc-provider/sojourn',
    },
    refusals: ['cloud_trust_refused', 'cloud_trust_refused', 'cloud_trust_refused', 'cloud_token_time'],
    variables: ['ALIBABA_CLOUD_ROLE_ARN', 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN'],
  },
  {
    preset: 'snowflake',
    target: { account: 'MyOrg-Acme' },
    parameters: { ACCOUNT_NAME: 'MyOrg-Acme', LOGIN_NAME: 'VENDOR' },
    refusals: trustRefused,
    variables: ['SNOWFLAKE_ACCOUNT', 'SNOWFLAKE_USER', 'SNOWFLAKE_TOKEN'],
  },
  {
    preset: 'kafka',
    target: {
      bootstrap_servers: 'kafka.example:9093',
      audience: 'kafka',
      logical_cluster: 'lkc-1',
      identity_pool: 'pool-1',
    },
    parameters: { logicalCluster: 'lkc-1', identityPoolId: 'pool-1' },
    refusals: trustRefused,
    variables: ['KAFKA_BOOTSTRAP_SERVERS'],
  },
  {
    preset: 'mongodb-atlas',
    target: { host: 'cluster0.abcde.mongodb.net' },
    refusals: trustRefused,
    variables: ['MONGODB_URI'],
  },
  {
    preset: 'acme',
    target: { role: 'vendor' },
    parameters: { role: 'vendor' },
    service: 'vault',
    refusals: [
      'cloud_issuer_unknown',
      'cloud_audience_mismatch',
      'cloud_subject_mismatch',
      'cloud_token_time',
    ],
    variables: ['ACME_TOKEN'],
  },
];

let pipeline: Pipeline;
let folder: string;
let home: string;
const connections = new Map<string, TestConnection>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-presets-'));
  home = await mkdtemp(join(tmpdir(), 'sojourn-home-'));
  await writeFile(join(folder, 'acme.yaml'), await readFile(join(import.meta.dirname, 'acme.yaml')));
  pipeline = await openPipeline({
    presets: folder,
    services: Object.fromEntries(rows.map(({ preset, service = preset }) => [preset, service])),
  });
  for (const { preset, target } of rows) connections.set(preset, await pipeline.connect(preset, target));
}, 60_000);
afterAll(async () => {
  await pipeline.close();
  await rm(folder, { recursive: true });
  await rm(home, { recursive: true });
});

const connectionOf = (preset: string): TestConnection => {
  const connection = connections.get(preset);
  if (!connection) throw new Error(`there is no connection to ${preset}`);
  return connection;
};

/** What the stand-in trusts, as the customer set it up, with some values changed. */
async function trust(
  { preset, parameters = {}, service = preset }: Row,
  changed: object = {},
): Promise<void> {
  const { audience, subject } = connectionOf(preset);
  const { status } = await fetch(`${pipeline.sandbox}/${service}/trust`, {
    method: 'PUT',
    body: JSON.stringify({ issuer: pipeline.issuer, audience, subject, parameters, ...changed }),
  });
  expect(status).toBe(204);
}

interface Verified {
  readonly state: string;
  readonly checks: readonly { readonly name: string; readonly outcome: string; readonly detail: string }[];
}

async function verify(preset: string): Promise<{ state: string; checks: string[] }> {
  const { id } = connectionOf(preset);
  const { state, checks } = await pipeline.admin.post<Verified>(`/connections/${id}/verify`);
  return { state, checks: checks.map(({ name, outcome }) => `${name} ${outcome}`) };
}

/** The error code of the check of the exchange. */
async function refusal(preset: string): Promise<string> {
  const { id } = connectionOf(preset);
  const { checks } = await pipeline.admin.post<Verified>(`/connections/${id}/verify`);
  return checks.find(({ name }) => name === 'exchange')?.detail.split(':')[0] ?? 'none';
}

const allPassed = [
  'target passed',
  'exchange passed',
  'identity passed',
  'probe_unknown_subject passed',
  'probe_other_subject passed',
  'probe_wrong_audience passed',
];

test('a connection says what of its preset is not verified', async () => {
  const { warnings } = await pipeline.admin.get<{ warnings: readonly string[] }>(
    `/connections/${connectionOf('anthropic').id}`,
  );
  expect(warnings).toEqual([
    'Anthropic was not tested as a whole against the real service. From documents only: the set-up.',
    'Not verified for Anthropic: the rules for issuers (2026-11-30). The rules for the port and path of an issuer were not found.',
    'Not verified for Anthropic: the rules for tokens (2026-11-30). The algorithms that it accepts were not found.',
    'Not verified for Anthropic: the error messages (2026-11-30). Only two errors were found.',
    'A subject in a rule that ends in an asterisk matches every subject that begins so.',
  ]);
});

test('a verification says why it skips the wrong subjects at a service that does not check the subject', async () => {
  const row = rows.find(({ preset }) => preset === 'rabbitmq');
  if (row) await trust(row);
  const { checks } = await pipeline.admin.post<Verified>(
    `/connections/${connectionOf('rabbitmq').id}/verify`,
  );
  const detail =
    'RabbitMQ does not check the subject. Only the audience separates tenants, so Sojourn refuses it in connections of other tenants.';
  expect(checks.filter(({ outcome }) => outcome === 'skipped')).toEqual([
    { name: 'probe_unknown_subject', outcome: 'skipped', detail, advice: null },
    { name: 'probe_other_subject', outcome: 'skipped', detail, advice: null },
  ]);
});

test('every preset has a row, and a fourteenth is added by one file', () => {
  const tested = rows.map(({ preset }) => preset);
  expect(tested.toSorted()).toEqual([...builtInPresets.map(({ id }) => id), 'acme'].toSorted());
  expect(builtInPresets).toHaveLength(13);
  expect(clouds.acme).toBeDefined();
});

describe.each(rows)('a connection to $preset', (row) => {
  const { preset, refusals, service = preset } = row;

  test('works, and its service refuses the negative tokens', async () => {
    await trust(row);
    const checks = [accepted, issued].includes(refusals[2]!)
      ? allPassed.map((check) => check.replace(/(_subject) passed$/, '$1 skipped'))
      : preset === 'anthropic'
        ? allPassed.toSpliced(3, 0, 'second_use passed')
        : allPassed;
    expect(await verify(preset)).toEqual({ state: 'active', checks });
  });

  test('issues credentials, also as variables and files', async () => {
    await trust(row);
    const { id } = connectionOf(preset);
    const { status, body } = await pipeline.credentials(id);
    expect([status, body.cloud, Object.keys(body.credentials as object).toSorted()]).toEqual([
      200,
      preset,
      ['s3-sts', 'minio', 'alibaba'].includes(preset)
        ? ['access_key_id', 'secret_access_key', 'session_token']
        : ['access_token', 'token_type'],
    ]);
    const variables = await pipeline.text(`${id}/credentials?format=env`);
    expect([...variables.matchAll(/^export (\w+)='/gm)].map(([, name]) => name)).toEqual(row.variables);
    const delivery = await pipeline.ask(`${id}/credentials?format=delivery`);
    expect(
      JSON.stringify(delivery.body).replaceAll('{{folder}}', '').replaceAll('{{cloud_token}}', ''),
    ).not.toMatch(/\{\{/);
  });

  test('is refused for another issuer, audience and subject', async () => {
    const [issuer, audience, subject] = refusals;
    await trust(row, { issuer: 'https://other.example' });
    expect(await refusal(preset)).toBe(issuer);
    await trust(row, { audience: 'other' });
    expect(await refusal(preset)).toBe(audience);
    await trust(row, { subject: 'con_other' });
    expect(await refusal(preset)).toBe(subject);
  });

  test('is refused with an expired token', async () => {
    await trust(row);
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 7200 });
    expect(await refusal(preset)).toBe(refusals[3]);
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 0 });
  });

  test.each([
    ['an outage', { outage: true }, 'cloud_unavailable'],
    ['throttling', { status: 429 }, 'cloud_throttled'],
  ])('reports %s as temporary', async (_, faults, code) => {
    await trust(row);
    await pipeline.callSandbox('PUT', '/faults', { cloud: service, ...faults });
    expect(await refusal(preset)).toBe(code);
    await pipeline.callSandbox('PUT', '/faults', { cloud: service });
  });

  test('has a page for the customer, which says what is not verified', async () => {
    const { id, audience } = connectionOf(preset);
    const { url } = await pipeline.admin.post<{ url: string }>(`/connections/${id}/invitations`);
    const answer = await fetch(url);
    const page = await answer.text();
    expect(answer.status).toBe(200);
    for (const part of [audience, 'What to know first', 'was not tested as a whole', 'Download'])
      expect(page).toContain(part);
  });

  test('has set-up files with its exact trust', async () => {
    const { id, audience } = connectionOf(preset);
    const { items } = await pipeline.admin.get<{ items: readonly { name: string }[] }>(
      `/connections/${id}/setup`,
    );
    const contents = await Promise.all(
      items.map(({ name }) => pipeline.admin.file(`/connections/${id}/setup/${name}`)),
    );
    const all = contents.join('\n');
    expect(all).not.toMatch(/\{\{/);
    // A trust policy for a store names the issuer without its scheme.
    expect(all).toContain(new URL(pipeline.issuer).host);
    if (preset !== 'acme') expect(all).toContain(audience);
  });
});

test('a customer reports the ids that the set-up creates, and no other field', async () => {
  const { id } = await pipeline.connect('anthropic', { audience: 'https://api.anthropic.com/acme' });
  const { url } = await pipeline.admin.post<{ url: string }>(`/connections/${id}/invitations`);
  const report = (fields: Record<string, string>) =>
    fetch(`${url}/report`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  const target = { organization_id: uuid, federation_rule_id: 'fdrl_1' };
  expect((await report({ ...target, audience: 'other' })).status).toBe(400);
  expect((await report({ ...target, federation_rule_id: 'fdrl_1/../x' })).status).toBe(400);
  expect((await report(target)).status).toBe(303);
  const { target: reported } = await pipeline.admin.get<{ target: object }>(`/connections/${id}`);
  expect(reported).toEqual({ audience: 'https://api.anthropic.com/acme', ...target });
});

describe('sojourn exec', () => {
  const exec = async (presets: readonly string[], source: string, more: Record<string, string> = {}) => {
    const { client_id, client_secret } = pipeline.client;
    const ids = presets.map((preset) => connectionOf(preset).id);
    const program = [process.execPath, '--input-type=module', '-e', source];
    const child = spawn(process.execPath, [join(root, 'bin/sojourn.js'), 'exec', ...ids, '--', ...program], {
      env: {
        PATH: process.env.PATH ?? '',
        TMPDIR: folder,
        // kubectl caches there.
        HOME: home,
        ...loopbackOnly,
        SOJOURN_ISSUER: pipeline.issuer,
        SOJOURN_CLIENT_ID: client_id,
        SOJOURN_CLIENT_SECRET: client_secret,
        ...more,
      },
      timeout: 60_000,
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, out, err };
  };
  const trustAll = async (presets: readonly string[]) => {
    for (const row of rows) if (presets.includes(row.preset)) await trust(row);
  };

  test('gives a program the variables and files of several services', async () => {
    const presets = ['kubernetes', 'vault', 'anthropic'];
    await trustAll(presets);
    const { code, out, err } = await exec(
      presets,
      `import { readFileSync, statSync } from 'node:fs';
       const { KUBECONFIG, VAULT_TOKEN, ANTHROPIC_IDENTITY_TOKEN_FILE, ANTHROPIC_API_KEY, SOJOURN_CLIENT_SECRET } = process.env;
       const { clusters, users } = JSON.parse(readFileSync(KUBECONFIG, 'utf8'));
       const token = readFileSync(users[0].user.tokenFile, 'utf8');
       const api = await fetch('${pipeline.sandbox}/kubernetes/api', { headers: { authorization: 'Bearer ' + token } });
       const identity = readFileSync(ANTHROPIC_IDENTITY_TOKEN_FILE, 'utf8');
       console.log(JSON.stringify({
         server: clusters[0].cluster.server,
         api: api.status,
         vault: VAULT_TOKEN.length,
         identity: JSON.parse(Buffer.from(identity.split('.')[1], 'base64url')).aud,
         mode: (statSync(ANTHROPIC_IDENTITY_TOKEN_FILE).mode & 0o777).toString(8),
         others: [ANTHROPIC_API_KEY, SOJOURN_CLIENT_SECRET],
       }));`,
      { ANTHROPIC_API_KEY: 'mine' },
    );
    expect({ code, out: code === 0 ? JSON.parse(out) : out, err }).toEqual({
      code: 0,
      out: {
        server: 'https://k8s.example:6443',
        api: 200,
        vault: 24,
        identity: 'https://api.anthropic.com',
        mode: '600',
        others: [null, null],
      },
      err: `sojourn exec removed ANTHROPIC_API_KEY for ${connectionOf('anthropic').id}: each selects another identity.
Anthropic accepts a token once. Only one process may use the token file, and the file has a new token every minute.
`,
    });
    expect(await readdir(folder)).toEqual(['acme.yaml']);
  });

  /** A connection to an API server, which `exec` knows as `kubectl`: kubectl sends a token over TLS only. */
  async function startCluster() {
    const authority = await startAuthority('kubernetes');
    const tls = await authority.issue({ purpose: 'serverAuth', names: [{ type: 7, ip: '127.0.0.1' }] });
    const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 }, tls });
    const server = `${sandbox.origin}/kubernetes`;
    const connection = await pipeline.connect('kubernetes', {
      server,
      certificate_authority: authority.cert,
    });
    connections.set('kubectl', connection);
    const { id, audience, subject } = connection;
    const put = https.request(`${server}/trust`, { method: 'PUT', ca: authority.cert });
    put.end(JSON.stringify({ issuer: pipeline.issuer, audience, subject }));
    const [answer] = (await once(put, 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(204);
    return { id, server, authority: authority.cert, close: () => sandbox.close() };
  }
  const getPods = "console.log(execFileSync('kubectl', ['get', 'pods']).toString());";
  const pods = {
    code: 0,
    out: expect.stringMatching(/^NAME +AGE\nweb-0 +<unknown>\n/),
    err: '',
  };

  testWith(['kubectl'])('gives kubectl a kubeconfig with which it gets the pods', async () => {
    const cluster = await startCluster();
    const source = `import { execFileSync } from 'node:child_process'; ${getPods}`;
    expect(await exec(['kubectl'], source)).toEqual(pods);
    await cluster.close();
  });

  testWith(['kubectl'])(
    'is not needed with the kubeconfig in the document, whose credential plugin is sojourn',
    async () => {
      const { id, server, authority, close } = await startCluster();
      const document = await readFile(join(root, 'docs/kubernetes.md'), 'utf8');
      const users = /```yml\n(users:\n[^`]*)```/.exec(document)?.[1]?.replace('con_01k0…', id) ?? '';
      const data = Buffer.from(authority).toString('base64');
      const config = `${users}
clusters: [{ name: c, cluster: { server: '${server}', certificate-authority-data: ${data} } }]
contexts: [{ name: c, context: { cluster: c, user: acme } }]
current-context: c
`;
      await writeFile(join(home, 'config'), config);
      const sojourn = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/sojourn.js')}' "$@"\n`;
      await writeFile(join(home, 'sojourn'), sojourn, { mode: 0o755 });
      const { client_id, client_secret } = pipeline.client;
      const child = spawn('kubectl', ['get', 'pods'], {
        env: {
          PATH: `${home}:${process.env.PATH}`,
          HOME: home,
          KUBECONFIG: join(home, 'config'),
          ...loopbackOnly,
          SOJOURN_ISSUER: pipeline.issuer,
          SOJOURN_CLIENT_ID: client_id,
          SOJOURN_CLIENT_SECRET: client_secret,
        },
        timeout: 60_000,
      });
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
      expect({ code: child.exitCode, out, err }).toEqual(pods);
      await close();
    },
  );

  test('refuses two connections that set the same variable', async () => {
    await trustAll(['vault', 'kubernetes']);
    const { code, err } = await exec(['kubernetes', 'kubernetes'], '');
    expect([code, err]).toEqual([2, expect.stringContaining('Give only one connection to kubernetes')]);
  });
});

test('kubectl gets the token of a connection as an ExecCredential', async () => {
  const { status, body } = await pipeline.ask(
    `${connectionOf('kubernetes').id}/credentials?format=exec-credential`,
  );
  expect([status, body]).toEqual([
    200,
    {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: {
        token: expect.stringMatching(/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/),
        expirationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      },
    },
  ]);
});

test('after a rotation of the keys, all services accept the new key', async () => {
  await until(() =>
    pipeline.admin.post('/keys/rotate').then(
      () => true,
      (error: Error) => {
        if (error.message.includes('key_not_ready')) return false;
        throw error;
      },
    ),
  );
  for (const row of rows) {
    await trust(row);
    expect([row.preset, await refusal(row.preset)]).toEqual([
      row.preset,
      expect.not.stringContaining('cloud_'),
    ]);
  }
});

test('a service whose check is unknown does not make its connection active', async () => {
  const { id } = await pipeline.connect('oidc', { audience: 'https://api.example' });
  connections.set('bearer', { ...connectionOf('oidc'), id });
  expect(await verify('bearer')).toEqual({
    state: 'pending',
    checks: ['target passed', 'exchange inconclusive'],
  });
});

test('a verification ends the sessions that its log-ins opened', async () => {
  await trust(rows.find(({ preset }) => preset === 'snowflake')!);
  await verify('snowflake');
  const { entries } = (await pipeline.callSandbox('GET', '/log')) as {
    entries: readonly { cloud: string; operation: string; outcome: string }[];
  };
  const [last, ...earlier] = entries
    .filter(({ cloud }) => cloud === 'snowflake')
    .map(({ operation, outcome }) => `${operation} ${outcome}`)
    .slice(0, 5);
  expect([last, ...earlier]).toEqual([
    'token audience',
    'token subject',
    'token subject',
    'sign_out ok',
    'token ok',
  ]);
});

test('the log of the server contains no token', () => {
  expect(pipeline.server.logged()).not.toMatch(/eyJ[\w-]+\.eyJ/);
});
