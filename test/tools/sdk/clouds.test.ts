/** The SDKs of the three clouds, unmodified, with nothing but our faces in their options. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { getBearerTokenProvider } from '@azure/identity';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IdentityPoolClient, OAuth2Client } from 'google-auth-library';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { json } from '../../../src/sandbox/demo/http.ts';
import { awsCredentials } from '../../../src/tools/sdk/aws.ts';
import { azureClientAssertion, azureCredential } from '../../../src/tools/sdk/azure.ts';
import { gcpRefreshHandler, gcpSubjectTokenSupplier } from '../../../src/tools/sdk/gcp.ts';
import { askedOf, azureLog, type CloudName, gcpLog } from '../../e2e/asked.ts';
import { places } from '../../e2e/customer.ts';
import { type EntraFront, startEntraFront, tokenByMsal } from '../../e2e/entra-front.ts';
import { errorOf } from './arrange.ts';
import { holdTheHour, openStage, type Stage } from './stage.ts';

const arm = 'https://management.azure.com/.default';
let stage: Stage;
let entra: EntraFront;
let hour: ReturnType<typeof holdTheHour>;

beforeAll(async () => {
  hour = holdTheHour();
  stage = await openStage();
  entra = await startEntraFront(stage.corridor.sandbox);
});
afterAll(async () => {
  await stage.corridor.close();
  hour.release();
});

const asked = <T>(cloud: CloudName, work: () => Promise<T>) => askedOf(stage.corridor.sandbox, cloud, work);

const served = async (connection: { id: string }) =>
  (await stage.corridor.audit(`event=credentials.served&connection=${connection.id}`)).length;

const groupsWith = (bearer: string) =>
  json<{ value: { name: string }[] }>({
    url: `${stage.corridor.sandbox}/azure/subscriptions/${places.subscription}/resourcegroups?api-version=2021-04-01`,
    headers: { authorization: `Bearer ${bearer}` },
  });

const projectUrl = () => `${stage.corridor.sandbox}/gcp/v3/projects/${places.project}`;

/** First, since MSAL runs in a process of its own, where the hour is the real one. */
describe('MSAL', () => {
  test('makes the exchange itself with our assertion', async () => {
    const { azure } = stage.customer;
    const { tenant_id: tenant = '', client_id: clientId = '' } = (
      await stage.corridor.admin.get<{ target: Record<string, string> }>(`/connections/${azure.id}`)
    ).target;
    const assertion = await azureClientAssertion(stage.sojourn(), azure.id)();
    const { log } = await asked('azure', async () =>
      groupsWith(await tokenByMsal(entra, { tenant, clientId, assertion })),
    );
    expect(log).toEqual(azureLog(azure));
  });
});

describe('the AWS SDK', () => {
  const client = (credentials: ReturnType<typeof awsCredentials>) =>
    new STSClient({
      region: 'us-east-1',
      endpoint: `${stage.corridor.sandbox}/aws`,
      maxAttempts: 1,
      credentials,
    });
  const assumed = {
    cloud: 'aws',
    operation: 'sts:AssumeRoleWithWebIdentity',
    outcome: 'ok',
    detail: expect.anything(),
  };
  const called = { cloud: 'aws', operation: 'sts:GetCallerIdentity', outcome: 'ok' };

  test('knows who it is, and takes new credentials before the old ones end', async () => {
    const { aws } = stage.customer;
    const sts = client(awsCredentials(stage.sojourn(), aws.id));
    const who = () => sts.send(new GetCallerIdentityCommand({}));
    const role = aws.target.role_arn.split('/').at(-1);
    const { result, log } = await asked('aws', async () => [await who(), await who()]);
    for (const { Arn } of result)
      expect(Arn).toMatch(new RegExp(`^arn:aws:sts::111122223333:assumed-role/${role}/`));
    expect(log).toEqual([assumed, expect.objectContaining(called), expect.objectContaining(called)]);

    hour.pass(56);
    const later = await asked('aws', who);
    expect(later.log).toEqual([assumed, expect.objectContaining(called)]);
    // The first ones are over by now: it is the second that are used.
    hour.pass(30);
    expect((await asked('aws', who)).log).toEqual([expect.objectContaining(called)]);
    sts.destroy();
  });

  test('in 200 callers of one cold connection makes one call to the server and one to the cloud', async () => {
    const { aws } = stage.customer;
    hour.pass(120);
    const before = await served(aws);
    const provider = awsCredentials(stage.sojourn(), aws.id);
    const clients = Array.from({ length: 200 }, () => client(provider));
    const { result, log } = await asked('aws', () =>
      Promise.all(clients.map(({ config }) => config.credentials())),
    );
    expect(new Set(result.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(log).toEqual([assumed]);
    expect(await served(aws)).toBe(before + 1);
  });

  test('tells our sentence and advice', async () => {
    const sts = client(awsCredentials(stage.sojourn(), 'con_01jd0000000000000000000000'));
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toThrow(
      /^There is no such connection for this client\. Check the connection id, and that the client may use it \(`sojourn client show`\)\. \(connection_not_found, request /,
    );
    const wrong = client(awsCredentials(stage.sojourn(), stage.customer.gcp.id));
    await expect(wrong.send(new GetCallerIdentityCommand({}))).rejects.toThrow(
      'The connection leads to gcp, which awsCredentials is not for.',
    );
  });

  test('stops waiting when it is told to', async () => {
    const reason = new Error('enough');
    const provider = awsCredentials(stage.sojourn(), stage.customer.aws.id, {
      signal: AbortSignal.abort(reason),
    });
    await expect(client(provider).send(new GetCallerIdentityCommand({}))).rejects.toBe(reason);
  });
});

describe('the Azure SDK', () => {
  test('gets its token by our credential, and another before that ends', async () => {
    const { azure } = stage.customer;
    const bearer = getBearerTokenProvider(azureCredential(stage.sojourn(), azure.id), arm);
    const use = async () => {
      const { value } = await groupsWith(await bearer());
      expect(value).toEqual([expect.objectContaining({ name: 'workloads' })]);
    };
    expect((await asked('azure', use)).log).toEqual(azureLog(azure));
    expect((await asked('azure', use)).log).toEqual(azureLog(azure).slice(1));
    // Entra's tokens live for 60 to 90 minutes.
    hour.pass(120);
    expect((await asked('azure', use)).log).toEqual(azureLog(azure));
  });

  test('in 200 callers of one cold connection makes one call to the server and one to the cloud', async () => {
    const { azure } = stage.customer;
    hour.pass(120);
    const before = await served(azure);
    const credential = azureCredential(stage.sojourn(), azure.id);
    const { result, log } = await asked('azure', () =>
      Promise.all(Array.from({ length: 200 }, () => getBearerTokenProvider(credential, arm)())),
    );
    expect(new Set(result).size).toBe(1);
    expect(log).toEqual(azureLog(azure).slice(0, 1));
    expect(await served(azure)).toBe(before + 1);
  });

  test('is refused any scope but the one of the connection', async () => {
    const credential = azureCredential(stage.sojourn(), stage.customer.azure.id);
    for (const scopes of [
      'https://vault.azure.net/.default',
      [arm, 'https://graph.microsoft.com/.default'],
      [],
    ])
      expect(await errorOf(credential.getToken(scopes))).toMatchObject({
        code: 'invalid_argument',
        detail: `This credential is for the scope ${arm} alone, and was asked for ${[scopes].flat().join(' and ')}.`,
      });
  });

  test('stops waiting when its request is aborted', async () => {
    const bearer = getBearerTokenProvider(azureCredential(stage.sojourn(), stage.customer.azure.id), arm, {
      abortSignal: AbortSignal.abort(),
    });
    await expect(bearer()).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('google-auth-library', () => {
  const withOurs = (sojourn = stage.sojourn()) =>
    Object.assign(new OAuth2Client(), { refreshHandler: gcpRefreshHandler(sojourn, stage.customer.gcp.id) });

  test('gets its token by our refresh handler, and another before that ends', async () => {
    hour.pass(120);
    const client = withOurs();
    const use = async () =>
      (await client.request<{ projectId: string }>({ url: projectUrl() })).data.projectId;
    const first = await asked('gcp', use);
    expect(first).toEqual({ result: places.project, log: gcpLog });
    expect((await asked('gcp', use)).log).toEqual(gcpLog.slice(2));
    hour.pass(56);
    expect((await asked('gcp', use)).log).toEqual(gcpLog);
  });

  test('in 200 callers of one cold connection makes one call to the server and one to the cloud', async () => {
    hour.pass(120);
    const before = await served(stage.customer.gcp);
    const sojourn = stage.sojourn();
    const { log } = await asked('gcp', () =>
      Promise.all(Array.from({ length: 200 }, () => withOurs(sojourn).getAccessToken())),
    );
    expect(log).toEqual(gcpLog.slice(0, 2));
    expect(await served(stage.customer.gcp)).toBe(before + 1);
  });

  test('makes the exchange itself with our subject token', async () => {
    const { sandbox } = stage.corridor;
    const client = new IdentityPoolClient({
      type: 'external_account',
      audience: `//iam.googleapis.com/projects/${gcp.projectNumber}/locations/global/workloadIdentityPools/${gcp.pool}/providers/${gcp.providerId}`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${sandbox}/gcp/v1/token`,
      service_account_impersonation_url: `${sandbox}/gcp/v1/projects/-/serviceAccounts/${gcp.serviceAccount}:generateAccessToken`,
      subject_token_supplier: gcpSubjectTokenSupplier(stage.sojourn(), stage.customer.gcp.id),
    });
    const { result, log } = await asked('gcp', async () => {
      const { data } = await client.request<{ projectId: string }>({ url: projectUrl() });
      return data.projectId;
    });
    expect(result).toBe(places.project);
    expect(log).toEqual(gcpLog);
  });

  test('tells our sentence and advice', async () => {
    const client = Object.assign(new OAuth2Client(), {
      refreshHandler: gcpRefreshHandler(stage.sojourn(), stage.customer.aws.id),
    });
    await expect(client.getAccessToken()).rejects.toThrow(
      'The connection leads to aws, which gcpRefreshHandler is not for. Give the id of a connection to that cloud',
    );
  });
});
