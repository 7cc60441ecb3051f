import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { expectRefused } from './expect-refused.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const operation = 'sts:AssumeRoleWithWebIdentity';
const clock = 'Synchronize the clock of the server (NTP).';
const notAuthorized = {
  code: 'cloud_trust_refused',
  detail:
    'The role does not exist, does not trust this subject, or does not allow the session tags or source identity. AWS says AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity',
  advice:
    'Wait 15 seconds if the role is new. Otherwise apply the set-up file again: the keys of both conditions must contain the whole issuer with its path, sub must match exactly, session_tags need sts:TagSession, and source_identity needs sts:SetSourceIdentity.',
  tokenRequests: [`${operation} AccessDenied`],
};
const noKey = {
  code: 'cloud_issuer_unreachable',
  detail:
    "STS could not read the discovery document or the JWKS, or did not find the key in it. AWS says InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  advice:
    'Check in this order: both documents are public, they answer within 5 seconds, discovery has the three *_supported lists, and the JWKS has the key id of the token (`sojourn doctor`). CloudTrail does not show this error.',
  // Transient: STS reads the documents again at each attempt.
  tokenRequests: Array.from({ length: 3 }, () => `${operation} InvalidIdentityToken`),
};
const notValidated = {
  code: 'cloud_audience_mismatch',
  detail:
    'The OIDC provider does not list the audience, or the signature does not match the published key. AWS says InvalidIdentityToken: The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.',
  advice:
    'Add the audience of the connection to the client ids of the OIDC provider. If it is listed, compare the JWKS on the internet with the one of this server (`sojourn doctor`).',
  tokenRequests: [`${operation} InvalidIdentityToken`],
};

/** A manual set-up, each in a new account. */
interface ManualSetup {
  readonly target?: object;
  readonly providers?: readonly string[];
  readonly clientIds?: readonly string[];
  readonly roles?: readonly string[];
  readonly actions?: readonly string[];
  readonly prefix?: string;
  readonly subject?: string;
}

let accounts = 100_000_000_000;

async function setUp(pipeline: Pipeline, setup: ManualSetup = {}): Promise<TestConnection> {
  const account = String(accounts++);
  const {
    target,
    providers = [pipeline.issuer],
    clientIds = ['sts.amazonaws.com'],
    roles = ['vendor'],
  } = setup;
  const connection = await pipeline.connect('aws', {
    role_arn: `arn:aws:iam::${account}:role/vendor`,
    region: 'eu-central-1',
    ...target,
  });
  const iam = new IAMClient({
    endpoint: `${pipeline.sandbox}/aws`,
    region: 'eu-central-1',
    credentials: { accessKeyId: account, secretAccessKey: 'any' },
    maxAttempts: 1,
  });
  let federated = `arn:aws:iam::${account}:oidc-provider/id.example.com`;
  for (const Url of providers) {
    const provider = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: [...clientIds] }),
    );
    federated = provider.OpenIDConnectProviderArn ?? '';
  }
  const name = pipeline.issuer.replace('http://', '');
  const { prefix = name, subject = connection.subject, actions = [] } = setup;
  for (const RoleName of roles) {
    const trust = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: federated },
          Action: ['sts:AssumeRoleWithWebIdentity', ...actions],
          Condition: { StringEquals: { [`${prefix}:aud`]: 'sts.amazonaws.com', [`${prefix}:sub`]: subject } },
        },
      ],
    };
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  }
  iam.destroy();
  return connection;
}

describe('an exchange with AWS', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline();
  }, 60_000);
  afterAll(() => pipeline.close());
  afterEach(async () => {
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 0 });
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'aws' });
  });

  test('succeeds if the set-up is correct, with session tags and a source identity', async () => {
    const tags = { session_tags: { Team: 'blue' }, source_identity: 'acme' };
    const connection = await setUp(pipeline, {
      target: tags,
      actions: ['sts:TagSession', 'sts:SetSourceIdentity'],
    });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('fails with cloud_issuer_unknown if the account has no provider for the issuer', async () => {
    const connection = await setUp(pipeline, { providers: [], roles: [] });
    await expectRefused(pipeline, connection, {
      code: 'cloud_issuer_unknown',
      detail: `The account of the role has no OIDC provider for this issuer. AWS says InvalidIdentityToken: No OpenIDConnect provider found in your account for ${pipeline.issuer}`,
      advice:
        'Create the provider in the account and partition of role_arn, with exactly this issuer: with a trailing slash or in another case it is another provider.',
      tokenRequests: [`${operation} InvalidIdentityToken`],
    });
  });

  test('fails with cloud_issuer_unknown if the provider has a trailing slash', async () => {
    const connection = await setUp(pipeline, { providers: [`${pipeline.issuer}/`], roles: [] });
    await expectRefused(pipeline, connection, {
      code: 'cloud_issuer_unknown',
      detail: `The account of the role has no OIDC provider for this issuer. AWS says InvalidIdentityToken: No OpenIDConnect provider found in your account for ${pipeline.issuer}`,
      advice:
        'Create the provider in the account and partition of role_arn, with exactly this issuer: with a trailing slash or in another case it is another provider.',
      tokenRequests: [`${operation} InvalidIdentityToken`],
    });
  });

  test.each<[string, ManualSetup]>([
    ['the provider does not list the audience', { clientIds: ['sts.amazonaws.com.evil'] }],
    ['the provider lists no audience', { clientIds: [] }],
  ])('fails with cloud_audience_mismatch if %s', async (_, setup) => {
    await expectRefused(pipeline, await setUp(pipeline, setup), notValidated);
  });

  test.each<[string, ManualSetup]>([
    ['the role does not exist', { roles: [] }],
    ['the name of the role differs in case', { roles: ['Vendor'] }],
    ['the role trusts another subject', { subject: 'con_00000000000000000000000000' }],
    ['the role trusts another subject in upper case', { subject: 'CON_00000000000000000000000000' }],
    ['the conditions of the role name another issuer', { prefix: 'id.example.com' }],
    ['the role does not allow session tags', { target: { session_tags: { Team: 'blue' } } }],
    ['the role does not allow a source identity', { target: { source_identity: 'acme' } }],
    [
      'the role allows session tags but not the source identity',
      { target: { session_tags: { Team: 'blue' }, source_identity: 'acme' }, actions: ['sts:TagSession'] },
    ],
  ])('fails with cloud_trust_refused if %s', async (_, setup) => {
    await expectRefused(pipeline, await setUp(pipeline, setup), notAuthorized);
  });

  test('fails with cloud_trust_refused until a new role has propagated', async () => {
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'aws', propagation_seconds: 15 });
    const connection = await setUp(pipeline);
    await expectRefused(pipeline, connection, notAuthorized);
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 15 });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('fails with cloud_token_time if STS finds both the token and a new one expired', async () => {
    const connection = await setUp(pipeline);
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 700 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_token_time',
      detail:
        'The token had expired according to the clock of STS. AWS says ExpiredToken: Token expired: current date/time ',
      advice: clock,
      tokenRequests: [`${operation} ExpiredTokenException`, `${operation} ExpiredTokenException`],
      isPrefix: true,
    });
  });

  test('fails with cloud_token_time if STS finds the token issued in the future', async () => {
    const connection = await setUp(pipeline);
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: -400 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_token_time',
      detail:
        'The clock of this server is more than five minutes ahead. AWS says InvalidIdentityToken: Token issued in the future: ',
      advice: clock,
      tokenRequests: [`${operation} InvalidIdentityToken`],
      isPrefix: true,
    });
  });

  test('fails with cloud_request_invalid if the duration exceeds the maximum of the role', async () => {
    await expectRefused(pipeline, await setUp(pipeline, { target: { duration_seconds: 7200 } }), {
      code: 'cloud_request_invalid',
      detail:
        'duration_seconds exceeds the maximum session duration of the role. AWS says ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      advice: 'Lower target.duration_seconds, or raise the maximum session duration of the role.',
      tokenRequests: [`${operation} ValidationError`],
    });
  });

  test('fails with cloud_request_invalid if an earlier version stored an invalid session policy', async () => {
    const session_policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
    };
    const connection = await setUp(pipeline, { target: { session_policy } });
    const database = new DatabaseSync(join(pipeline.server.folder, 'sojourn.db'));
    const stored = database
      .prepare("UPDATE documents SET value = replace(value, 'Deny', 'Maybe') WHERE id = ?")
      .run(connection.id);
    database.close();
    expect(stored.changes).toBe(1);
    await expectRefused(pipeline, connection, {
      code: 'cloud_request_invalid',
      detail: 'session_policy is not a policy that IAM can read. AWS says MalformedPolicyDocument: ',
      advice: 'Correct target.session_policy; IAM Access Analyzer can check it.',
      tokenRequests: [`${operation} MalformedPolicyDocument`],
      isPrefix: true,
      isInvalid: true,
    });
  });

  test('fails with cloud_unavailable while STS answers 503', async () => {
    const connection = await setUp(pipeline);
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'aws', status: 503 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_unavailable',
      status: 503,
      detail: 'The cloud reports an internal error. AWS says ',
      advice: 'Try again shortly. The connection itself is probably correct.',
      tokenRequests: [],
      retryAfter: '5',
      isPrefix: true,
    });
  });

  test('fails with cloud_timeout if STS does not answer within five seconds', async () => {
    const connection = await setUp(pipeline);
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'aws', delay_ms: 6000 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_timeout',
      status: 504,
      detail: 'STS did not answer in time.',
      advice: 'Try again, and check the network path from the server to the cloud.',
      tokenRequests: [],
    });
  }, 30_000);
});

describe('an exchange with AWS, which reads other issuer documents than the server has,', () => {
  let front: TestIssuer;
  let pipeline: Pipeline;
  let connection: TestConnection;
  let kid: string;
  beforeAll(async () => {
    front = await startTestIssuer({ path: '/t/1' });
    front.headers = { 'cache-control': 'no-cache' };
    pipeline = await openPipeline({ front });
    connection = await setUp(pipeline);
    const { items } = await pipeline.admin.get<{ items: { kid: string; alg: string; state: string }[] }>(
      '/keys',
    );
    kid = items.find(({ alg, state }) => alg === connection.algorithm && state === 'active')?.kid ?? '';
  }, 60_000);
  afterAll(async () => {
    await pipeline.close();
    await front.close();
  });
  afterEach(() => {
    front.status = 200;
    front.jwks = { keys: front.keys.map(({ publicJwk }) => ({ ...publicJwk })) };
  });

  test('fails with cloud_issuer_unreachable if the JWKS lacks the key', async () => {
    await expectRefused(pipeline, connection, noKey);
  });

  test('fails with cloud_issuer_unreachable if discovery and JWKS answer 404', async () => {
    front.status = 404;
    await expectRefused(pipeline, connection, noKey);
  });

  test('fails with cloud_issuer_unreachable if discovery lacks one of its lists', async () => {
    const { subject_types_supported: list, ...rest } = front.discovery;
    front.discovery = rest;
    await expectRefused(pipeline, connection, noKey);
    front.discovery = { ...rest, subject_types_supported: list };
  });

  test('fails with cloud_audience_mismatch if the JWKS has another key with the key id, or a key with key_ops', async () => {
    const key = front.keys.find(({ alg }) => alg === connection.algorithm)?.publicJwk;
    front.jwks = { keys: [{ ...key, kid }] };
    await expectRefused(pipeline, connection, notValidated);
    const jwks = (await (await fetch(`${pipeline.base}/jwks`)).json()) as typeof front.jwks;
    front.jwks = { keys: jwks.keys.map((own) => ({ ...own, key_ops: ['verify'] })) };
    await expectRefused(pipeline, connection, notValidated);
    front.jwks = jwks;
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('fails with cloud_trust_refused if the conditions of the role lack the path of the issuer and the JWKS is right', async () => {
    const prefix = new URL(front.issuer).host;
    await expectRefused(pipeline, await setUp(pipeline, { prefix }), noKey);
    front.jwks = (await (await fetch(`${pipeline.base}/jwks`)).json()) as typeof front.jwks;
    await expectRefused(pipeline, await setUp(pipeline, { prefix }), notAuthorized);
  });
});
