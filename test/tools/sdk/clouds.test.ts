/** The unmodified SDKs of the three clouds with the adapters in their options. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { getBearerTokenProvider } from '@azure/identity';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IdentityPoolClient, OAuth2Client } from 'google-auth-library';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { json } from '../../../src/sandbox/demo/http.ts';
import { awsCredentials } from '../../../src/tools/sdk/aws.ts';
import { azureClientAssertion, azureCredential } from '../../../src/tools/sdk/azure.ts';
import { gcpRefreshHandler, gcpSubjectTokenSupplier } from '../../../src/tools/sdk/gcp.ts';
import { askedOf, azureLog, type CloudName, gcpLog } from '../../e2e/cloud-log.ts';
import { places } from '../../e2e/customer.ts';
import { type EntraFront, startEntraFront, tokenByMsal } from '../../e2e/entra-front.ts';
import { errorOf } from './arrange.ts';
import { freezeClock, openStage, type Stage } from './stage.ts';

const arm = 'https://management.azure.com/.default';
let stage: Stage;
let entra: EntraFront;
let clock: ReturnType<typeof freezeClock>;

beforeAll(async () => {
  clock = freezeClock();
  stage = await openStage();
  entra = await startEntraFront(stage.pipeline.sandbox);
});
afterAll(async () => {
  await stage.pipeline.close();
  clock.release();
});

const withLog = <T>(cloud: CloudName, work: () => Promise<T>) => askedOf(stage.pipeline.sandbox, cloud, work);

const served = async (connection: { id: string }) =>
  (await stage.pipeline.audit(`event=credentials.served&connection=${connection.id}`)).length;

const groupsWith = (bearer: string) =>
  json<{ value: { name: string }[] }>({
    url: `${stage.pipeline.sandbox}/azure/subscriptions/${places.subscription}/resourcegroups?api-version=2021-04-01`,
    headers: { authorization: `Bearer ${bearer}` },
  });

const projectUrl = () => `${stage.pipeline.sandbox}/gcp/v3/projects/${places.project}`;

/** First, because MSAL runs in a child process with the real clock. */
describe('MSAL', () => {
  test('exchanges the assertion of azureClientAssertion', async () => {
    const { azure } = stage.customer;
    const { tenant_id: tenant = '', client_id: clientId = '' } = (
      await stage.pipeline.admin.get<{ target: Record<string, string> }>(`/connections/${azure.id}`)
    ).target;
    const assertion = await azureClientAssertion(stage.sojourn(), azure.id)();
    const { log } = await withLog('azure', async () =>
      groupsWith(await tokenByMsal(entra, { tenant, clientId, assertion })),
    );
    expect(log).toEqual(azureLog(azure));
  });
});

describe('the AWS SDK', () => {
  const client = (credentials: ReturnType<typeof awsCredentials>) =>
    new STSClient({
      region: 'us-east-1',
      endpoint: `${stage.pipeline.sandbox}/aws`,
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

  test('calls AWS with awsCredentials, and renews them before they expire', async () => {
    const { aws } = stage.customer;
    const sts = client(awsCredentials(stage.sojourn(), aws.id));
    const identity = () => sts.send(new GetCallerIdentityCommand({}));
    const role = aws.target.role_arn.split('/').at(-1);
    const { result, log } = await withLog('aws', async () => [await identity(), await identity()]);
    for (const { Arn } of result)
      expect(Arn).toMatch(new RegExp(`^arn:aws:sts::111122223333:assumed-role/${role}/`));
    expect(log).toEqual([assumed, expect.objectContaining(called), expect.objectContaining(called)]);

    clock.advance(56);
    const later = await withLog('aws', identity);
    expect(later.log).toEqual([assumed, expect.objectContaining(called)]);
    // The first credentials have expired by now, so the second are in use.
    clock.advance(30);
    expect((await withLog('aws', identity)).log).toEqual([expect.objectContaining(called)]);
    sts.destroy();
  });

  test('causes one request to the server and one to the cloud for 200 concurrent callers', async () => {
    const { aws } = stage.customer;
    clock.advance(120);
    const before = await served(aws);
    const provider = awsCredentials(stage.sojourn(), aws.id);
    const clients = Array.from({ length: 200 }, () => client(provider));
    const { result, log } = await withLog('aws', () =>
      Promise.all(clients.map(({ config }) => config.credentials())),
    );
    expect(new Set(result.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(log).toEqual([assumed]);
    expect(await served(aws)).toBe(before + 1);
  });

  test('reports the server’s and the adapter’s detail and advice', async () => {
    const sts = client(awsCredentials(stage.sojourn(), 'con_01jd0000000000000000000000'));
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toThrow(
      /^There is no such connection, or the client may not use it\. Check the connection id, and that the client may use it \(`sojourn client show`\)\. \(connection_not_found, request /,
    );
    const wrong = client(awsCredentials(stage.sojourn(), stage.customer.gcp.id));
    await expect(wrong.send(new GetCallerIdentityCommand({}))).rejects.toThrow(
      'The connection is to gcp, but awsCredentials supports only aws.',
    );
  });

  test('stops waiting when the signal aborts', async () => {
    const reason = new Error('enough');
    const provider = awsCredentials(stage.sojourn(), stage.customer.aws.id, {
      signal: AbortSignal.abort(reason),
    });
    await expect(client(provider).send(new GetCallerIdentityCommand({}))).rejects.toBe(reason);
  });
});

describe('the Azure SDK', () => {
  test('calls Azure with azureCredential, and renews its token before it expires', async () => {
    const { azure } = stage.customer;
    const bearer = getBearerTokenProvider(azureCredential(stage.sojourn(), azure.id), arm);
    const use = async () => {
      const { value } = await groupsWith(await bearer());
      expect(value).toEqual([expect.objectContaining({ name: 'workloads' })]);
    };
    expect((await withLog('azure', use)).log).toEqual(azureLog(azure));
    expect((await withLog('azure', use)).log).toEqual(azureLog(azure).slice(1));
    // Entra's tokens are valid for 60 to 90 minutes.
    clock.advance(120);
    expect((await withLog('azure', use)).log).toEqual(azureLog(azure));
  });

  test('causes one request to the server and one to the cloud for 200 concurrent callers', async () => {
    const { azure } = stage.customer;
    clock.advance(120);
    const before = await served(azure);
    const credential = azureCredential(stage.sojourn(), azure.id);
    const { result, log } = await withLog('azure', () =>
      Promise.all(Array.from({ length: 200 }, () => getBearerTokenProvider(credential, arm)())),
    );
    expect(new Set(result).size).toBe(1);
    expect(log).toEqual(azureLog(azure).slice(0, 1));
    expect(await served(azure)).toBe(before + 1);
  });

  test('gets an error for any scope but the connection’s', async () => {
    const credential = azureCredential(stage.sojourn(), stage.customer.azure.id);
    for (const scopes of [
      'https://vault.azure.net/.default',
      [arm, 'https://graph.microsoft.com/.default'],
      [],
    ])
      expect(await errorOf(credential.getToken(scopes))).toMatchObject({
        code: 'invalid_argument',
        detail: `This credential is only for the scope ${arm}. The request is for ${[scopes].flat().join(' and ')}.`,
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
  const clientWithHandler = (sojourn = stage.sojourn()) =>
    Object.assign(new OAuth2Client(), { refreshHandler: gcpRefreshHandler(sojourn, stage.customer.gcp.id) });

  test('calls Google Cloud with gcpRefreshHandler, and renews its token before it expires', async () => {
    clock.advance(120);
    const client = clientWithHandler();
    const use = async () =>
      (await client.request<{ projectId: string }>({ url: projectUrl() })).data.projectId;
    const first = await withLog('gcp', use);
    expect(first).toEqual({ result: places.project, log: gcpLog });
    expect((await withLog('gcp', use)).log).toEqual(gcpLog.slice(2));
    clock.advance(56);
    expect((await withLog('gcp', use)).log).toEqual(gcpLog);
  });

  test('causes one request to the server and one to the cloud for 200 concurrent callers', async () => {
    clock.advance(120);
    const before = await served(stage.customer.gcp);
    const sojourn = stage.sojourn();
    const { log } = await withLog('gcp', () =>
      Promise.all(Array.from({ length: 200 }, () => clientWithHandler(sojourn).getAccessToken())),
    );
    expect(log).toEqual(gcpLog.slice(0, 2));
    expect(await served(stage.customer.gcp)).toBe(before + 1);
  });

  test('exchanges the token of gcpSubjectTokenSupplier', async () => {
    const { sandbox } = stage.pipeline;
    const client = new IdentityPoolClient({
      type: 'external_account',
      audience: `//iam.googleapis.com/projects/${gcp.projectNumber}/locations/global/workloadIdentityPools/${gcp.pool}/providers/${gcp.providerId}`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${sandbox}/gcp/v1/token`,
      service_account_impersonation_url: `${sandbox}/gcp/v1/projects/-/serviceAccounts/${gcp.serviceAccount}:generateAccessToken`,
      subject_token_supplier: gcpSubjectTokenSupplier(stage.sojourn(), stage.customer.gcp.id),
    });
    const { result, log } = await withLog('gcp', async () => {
      const { data } = await client.request<{ projectId: string }>({ url: projectUrl() });
      return data.projectId;
    });
    expect(result).toBe(places.project);
    expect(log).toEqual(gcpLog);
  });

  test('reports the adapter’s detail and advice', async () => {
    const client = Object.assign(new OAuth2Client(), {
      refreshHandler: gcpRefreshHandler(stage.sojourn(), stage.customer.aws.id),
    });
    await expect(client.getAccessToken()).rejects.toThrow(
      'The connection is to aws, but gcpRefreshHandler supports only gcp. Use a connection to gcp, or the adapter for aws.',
    );
  });
});
