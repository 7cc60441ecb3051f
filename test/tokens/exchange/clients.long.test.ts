/** Unmodified clients of services, with the variables and files of their presets alone, against the stand-ins. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { testWithClients } from '../../support/clients.ts';
import { type NameServer, service, startNameServer, text } from '../../support/name-server.ts';
import type { TestConnection } from '../../support/server.ts';
import { execModule } from './exec.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';
import { startWarehouse, type Warehouse } from './warehouse.ts';

/** The host that a client calls, and the preset whose stand-in answers. */
const presets = {
  'api.anthropic.com': 'anthropic',
  'api.openai.com': 'openai',
  'auth.openai.com': 'openai',
  'vault.example': 'vault',
  'k8s.example': 'kubernetes',
  'sts.aliyuncs.com': 'alibaba',
  'myorg-acme.snowflakecomputing.com': 'snowflake',
  'dbc-1.cloud.databricks.com': 'databricks',
} as const;
const hosts = Object.keys(presets);
const mongodbServer = 'cluster0-shard-00-00.abcde.mongodb.net';
const kafkaServer = 'kafka.example';

let front: TlsFront;
let warehouse: Warehouse;
let nameServer: NameServer;
/** Ports by host, of services whose protocol is not HTTP. */
let tunnels: Readonly<Record<string, number>>;
let pipeline: Pipeline;
beforeAll(async () => {
  const names = Object.values(presets);
  pipeline = await openPipeline({ services: Object.fromEntries(names.map((name) => [name, name])) });
  warehouse = await startWarehouse(`${pipeline.sandbox}/databricks`);
  front = await startTlsFront({
    ...Object.fromEntries(
      Object.entries(presets).map(([host, name]) => [host, `${pipeline.sandbox}/${name}`]),
    ),
    [`dbc-1.cloud.databricks.com${warehouse.path}`]: warehouse.origin,
  });
  nameServer = await startNameServer((name, type) => {
    if (type === 'SRV' && name === '_mongodb._tcp.cluster0.abcde.mongodb.net')
      return [service(mongodbServer, 27017)];
    return type === 'TXT' && name === 'cluster0.abcde.mongodb.net' ? [text('authSource=admin')] : undefined;
  });
  tunnels = {
    [mongodbServer]: await front.tunnel(mongodbServer, await portOf('mongodb-atlas')),
    [kafkaServer]: await front.tunnel(kafkaServer, await portOf('kafka')),
  };
});
afterAll(async () => {
  nameServer.close();
  await front.close();
  await warehouse.close();
  await pipeline.close();
});

interface Case {
  readonly preset: string;
  readonly target: object;
  /** What the customer expects besides issuer, audience and subject. */
  readonly parameters?: object;
  /** A module that prints the answer of the service, or the refusal. */
  readonly source: string;
}

/**
 * What `sojourn exec` prints for a connection that the customer trusts, and for another one: the refusal of its own exchange, or
 * that of the client.
 */
async function run({ preset, target, parameters = {}, source }: Case): Promise<readonly string[]> {
  const output = async ({ id }: TestConnection) => {
    const { code, out, err } = await execModule(pipeline, [id], source, {
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '../../support/only-hosts.ts'))}`,
      HOME: tmpdir(),
      NODE_EXTRA_CA_CERTS: front.authorityFile,
      SOJOURN_TEST_HOSTS: JSON.stringify({
        ...Object.fromEntries(hosts.map((host) => [host, front.port])),
        ...tunnels,
      }),
      SOJOURN_TEST_NAME_SERVER: nameServer.address,
      // The module above leads them to loopback.
      ...{ HTTP_PROXY: '', HTTPS_PROXY: '', http_proxy: '', https_proxy: '' },
    });
    return code === 0 ? out.trim() : err.trim();
  };
  const { issuer, sandbox } = pipeline;
  const connection = await pipeline.connect(preset, target);
  const { audience, subject } = connection;
  const trust = { method: 'PUT', body: JSON.stringify({ issuer, audience, subject, parameters }) };
  expect((await fetch(`${sandbox}/${preset}/trust`, trust)).status).toBe(204);
  return [await output(connection), await output(await pipeline.connect(preset, target))];
}

/** What the stand-in decided about tokens, the last one first. */
async function outcomesOf(service: string): Promise<readonly string[]> {
  const { entries } = (await pipeline.callSandbox('GET', '/log')) as {
    entries: { cloud: string; outcome: string }[];
  };
  return entries.filter(({ cloud }) => cloud === service).map(({ outcome }) => outcome);
}

/** Where the stand-in of a service answers whose protocol is not HTTP. */
async function portOf(service: string): Promise<number> {
  const answer = await fetch(`${pipeline.sandbox}/${service}/listener`);
  return Number(new URL(((await answer.json()) as { url: string }).url).port);
}

const uuid = '11111111-2222-4333-8444-555555555555';

testWithClients(['@anthropic-ai/sdk'])('the Anthropic SDK exchanges the token of its file', async () => {
  const parameters = { organization_id: uuid, federation_rule_id: 'fdrl_1' };
  expect(
    await run({
      preset: 'anthropic',
      target: parameters,
      parameters,
      source: `import Anthropic from '@anthropic-ai/sdk';
        const { data } = await new Anthropic({ maxRetries: 0 }).models.list();
        console.log(data[0].id);`,
    }),
  ).toEqual(['sandbox-model', expect.stringMatching(/^The federation rule does not match the token\./)]);
});

const ofOpenAi = { identity_provider_id: 'idp_1', service_account_id: 'user-1' };
const servedThenRefused = ['sandbox-model', expect.stringMatching(/^OpenAI refuses the token\./)];

testWithClients(['openai'])('the OpenAI SDK uses the access token that Sojourn exchanged', async () => {
  expect(
    await run({
      preset: 'openai',
      target: ofOpenAi,
      parameters: ofOpenAi,
      source: `import OpenAI from 'openai';
        const { data } = await new OpenAI({ maxRetries: 0 }).models.list();
        console.log(data[0].id);`,
    }),
  ).toEqual(servedThenRefused);
});

testWithClients(['openai'])('the OpenAI SDK exchanges the token of the file itself', async () => {
  expect(
    await run({
      preset: 'openai',
      target: ofOpenAi,
      parameters: ofOpenAi,
      source: `import { readFileSync } from 'node:fs';
        import OpenAI from 'openai';
        const { OPENAI_IDENTITY_PROVIDER_ID, OPENAI_SERVICE_ACCOUNT_ID, OPENAI_IDENTITY_TOKEN_FILE } = process.env;
        delete process.env.OPENAI_API_KEY;
        const provider = { tokenType: 'jwt', getToken: async () => readFileSync(OPENAI_IDENTITY_TOKEN_FILE, 'utf8') };
        const workloadIdentity = { identityProviderId: OPENAI_IDENTITY_PROVIDER_ID, serviceAccountId: OPENAI_SERVICE_ACCOUNT_ID, provider };
        const { data } = await new OpenAI({ maxRetries: 0, workloadIdentity }).models.list();
        console.log(data[0].id);`,
    }),
  ).toEqual(servedThenRefused);
});

testWithClients(['node-vault'])('node-vault looks up the token that Vault issued', async () => {
  expect(
    await run({
      preset: 'vault',
      target: { address: 'https://vault.example:8200' },
      parameters: { role: 'vendor' },
      source: `import vault from 'node-vault';
        const { data } = await vault().tokenLookupSelf();
        console.log(data.policies.join());`,
    }),
  ).toEqual(['sojourn', expect.stringMatching(/^The role expects another subject in bound_subject\./)]);
});

testWithClients(['@kubernetes/client-node'])(
  'the Kubernetes client lists pods with the kubeconfig',
  async () => {
    expect(
      await run({
        preset: 'kubernetes',
        target: { server: 'https://k8s.example:6443', certificate_authority: front.authority },
        source: `import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
        const config = new KubeConfig();
        config.loadFromDefault();
        const pods = config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default' });
        console.log(await pods.then(({ items }) => items[0].metadata.name, ({ code }) => code));`,
      }),
    ).toEqual(['web-0', '401']);
  },
);

testWithClients(['@alicloud/credentials'])(
  'the credentials client of Alibaba Cloud assumes the role',
  async () => {
    const arns = {
      role_arn: 'acs:ram::12345678:role/vendor',
      provider_arn: 'acs:ram::12345678:oidc-provider/sojourn',
    };
    expect(
      await run({
        preset: 'alibaba',
        target: arns,
        parameters: { RoleArn: arns.role_arn, OIDCProviderArn: arns.provider_arn },
        source: `import credentials from '@alicloud/credentials';
        const { accessKeyId } = await new credentials.default().getCredential();
        console.log(accessKeyId);`,
      }),
    ).toEqual(['STS.SANDBOX', expect.stringMatching(/^RAM refuses the token\./)]);
  },
);

testWithClients(['snowflake-sdk'])('the driver of Snowflake logs in with the token', async () => {
  expect(
    await run({
      preset: 'snowflake',
      target: { account: 'MyOrg-Acme' },
      parameters: { ACCOUNT_NAME: 'MyOrg-Acme', LOGIN_NAME: 'VENDOR' },
      source: `import snowflake from 'snowflake-sdk';
        const { SNOWFLAKE_ACCOUNT: account, SNOWFLAKE_USER: username, SNOWFLAKE_TOKEN: token } = process.env;
        snowflake.configure({ logLevel: 'OFF' });
        const options = { account, username, authenticator: 'WORKLOAD_IDENTITY', workloadIdentityProvider: 'OIDC', token, retryTimeout: 1, sfRetryMaxLoginRetries: 1 };
        snowflake.createConnection(options).connect((error) => {
          console.log(error?.message ?? 'connected');
          process.exit();
        });`,
    }),
  ).toEqual(['connected', 'The token is refused: subject.']);
});

testWithClients(['@databricks/sql'])('the driver of Databricks exchanges the token of its file', async () => {
  const target = { workspace: 'https://dbc-1.cloud.databricks.com', client_id: uuid, scope: 'sql' };
  const printed = await run({
    preset: 'databricks',
    target,
    parameters: { client_id: uuid, scope: 'sql' },
    // The driver reads no variables. If the exchange is refused, it sends the token itself to the workspace.
    source: `import { readFileSync } from 'node:fs';
      import { DBSQLClient } from '@databricks/sql';
      const { DATABRICKS_HOST, DATABRICKS_CLIENT_ID, DATABRICKS_OIDC_TOKEN_FILEPATH } = process.env;
      async function open(token) {
        const client = new DBSQLClient({ logger: { log: () => undefined } });
        await client.connect({
          host: new URL(DATABRICKS_HOST).host,
          path: '${warehouse.path}',
          authType: 'external-token',
          getToken: async () => token,
          enableTokenFederation: true,
          federationClientId: DATABRICKS_CLIENT_ID,
        });
        const session = await client.openSession();
        await session.close();
        await client.close();
        return session.id;
      }
      const token = readFileSync(DATABRICKS_OIDC_TOKEN_FILEPATH, 'utf8');
      const signature = token.lastIndexOf('.') + 1;
      const changed = token.slice(0, signature) + (token[signature] === 'A' ? 'B' : 'A') + token.slice(signature + 1);
      console.log(await open(token), await open(changed).catch(({ message }) => message));`,
  });
  const [driver, ...sojourn] = printed;
  expect([driver, sojourn, await outcomesOf('databricks')]).toEqual([
    `${warehouse.sessionId} Received a response with a bad HTTP status code: 401`,
    [expect.stringMatching(/^Databricks refuses the token for this service principal\./)],
    // Of Sojourn for the other connection; of the driver, which exchanges for each request; of Sojourn.
    ['subject', 'signature', 'signature', 'ok', 'ok', 'ok', 'ok'],
  ]);
});

testWithClients(['kafkajs'])('the Kafka client signs in with the token of its file', async () => {
  const target = { bootstrap_servers: `${kafkaServer}:9093`, audience: 'kafka' };
  const printed = await run({
    preset: 'kafka',
    target,
    // The client reads no variables, and does not read the refusal in the answer.
    source: `import { readFileSync } from 'node:fs';
      import kafkajs from 'kafkajs';
      const { KAFKA_BOOTSTRAP_SERVERS, KAFKA_TOKEN_FILE } = process.env;
      const oauthBearerProvider = async () => ({ value: readFileSync(KAFKA_TOKEN_FILE, 'utf8') });
      const admin = new kafkajs.Kafka({
        brokers: KAFKA_BOOTSTRAP_SERVERS.split(','),
        ssl: true,
        sasl: { mechanism: 'oauthbearer', oauthBearerProvider },
        logLevel: kafkajs.logLevel.NOTHING,
        retry: { retries: 0 },
      }).admin();
      console.log(await admin.connect().then(() => 'connected', ({ message }) => message));
      process.exit();`,
  });
  expect([printed, await outcomesOf('kafka')]).toEqual([
    ['connected', 'connected'],
    ['subject', 'ok'],
  ]);
});

testWithClients(['mongodb'])(
  'the MongoDB driver signs in at the address with the token of its file',
  async () => {
    const printed = await run({
      preset: 'mongodb-atlas',
      target: { host: 'cluster0.abcde.mongodb.net' },
      source: `import { MongoClient } from 'mongodb';
      const client = new MongoClient(process.env.MONGODB_URI);
      console.log(await client.db('admin').command({ ping: 1 }).then(({ ok }) => ok, ({ message }) => message));
      await client.close();`,
    });
    expect([printed, await outcomesOf('mongodb-atlas')]).toEqual([
      ['1', 'sandbox: the token is refused'],
      ['subject', 'ok'],
    ]);
  },
);
