import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { expectRefused } from './refused.ts';

const door = 'sts:AssumeRoleWithWebIdentity';
const clock = 'Synchronize the clock of the server (NTP).';
const notAuthorized = {
  code: 'cloud_trust_refused',
  detail:
    'The role does not exist, does not trust this subject, or does not allow the session tags or source identity. AWS says AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity',
  advice:
    'Wait 15 seconds if the role is new. Otherwise apply the set-up file again: the keys of both conditions must contain the whole issuer with its path, sub must match exactly, session_tags need sts:TagSession, and source_identity needs sts:SetSourceIdentity.',
  doors: [`${door} AccessDenied`],
};
const noKey = {
  code: 'cloud_issuer_unreachable',
  detail:
    "STS could not read the discovery document or the JWKS, or did not find the key in it. AWS says InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  advice:
    'Check in this order: both documents are public, they answer within 5 seconds, discovery has the three *_supported lists, and the JWKS has the key id of the token (`sojourn doctor`). CloudTrail does not show this error.',
  doors: [`${door} InvalidIdentityToken`],
};
const notValidated = {
  code: 'cloud_audience_mismatch',
  detail:
    'The OIDC provider does not list the audience, or the signature does not match the published key. AWS says InvalidIdentityToken: The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.',
  advice:
    'Add the audience of the connection to the client ids of the OIDC provider. If it is listed, compare the JWKS on the internet with the one of this server (`sojourn doctor`).',
  doors: [`${door} InvalidIdentityToken`],
};

/** A customer who does the set-up by hand, each time in an account of its own. */
interface ByHand {
  readonly target?: object;
  readonly providers?: readonly string[];
  readonly clientIds?: readonly string[];
  readonly roles?: readonly string[];
  readonly actions?: readonly string[];
  readonly prefix?: string;
  readonly subject?: string;
}

let accounts = 100_000_000_000;

async function setUp(pipeline: Pipeline, given: ByHand = {}): Promise<TestConnection> {
  const account = String(accounts++);
  const {
    target,
    providers = [pipeline.issuer],
    clientIds = ['sts.amazonaws.com'],
    roles = ['vendor'],
  } = given;
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
    const made = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: [...clientIds] }),
    );
    federated = made.OpenIDConnectProviderArn ?? '';
  }
  const name = pipeline.issuer.replace('http://', '');
  const { prefix = name, subject = connection.subject, actions = [] } = given;
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

describe('the sandbox AWS, set up by hand, refuses', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline();
  }, 60_000);
  afterAll(() => pipeline.close());
  afterEach(async () => {
    await pipeline.turn('PUT', '/clock', { offset_seconds: 0 });
    await pipeline.turn('PUT', '/faults', { cloud: 'aws' });
  });

  test('nothing when all of it is right', async () => {
    const tags = { session_tags: { Team: 'blue' }, source_identity: 'acme' };
    const connection = await setUp(pipeline, {
      target: tags,
      actions: ['sts:TagSession', 'sts:SetSourceIdentity'],
    });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('an issuer that has no provider in the account', async () => {
    const connection = await setUp(pipeline, { providers: [], roles: [] });
    await expectRefused(pipeline, connection, {
      code: 'cloud_issuer_unknown',
      detail: `The account of the role has no OIDC provider for this issuer. AWS says InvalidIdentityToken: No OpenIDConnect provider found in your account for ${pipeline.issuer}`,
      advice:
        'Create the provider in the account and partition of role_arn, with exactly this issuer: with a trailing slash or in another case it is another provider.',
      doors: [`${door} InvalidIdentityToken`],
    });
  });

  test('an issuer whose provider has a slash at its end', async () => {
    const connection = await setUp(pipeline, { providers: [`${pipeline.issuer}/`], roles: [] });
    await expectRefused(pipeline, connection, {
      code: 'cloud_issuer_unknown',
      detail: `The account of the role has no OIDC provider for this issuer. AWS says InvalidIdentityToken: No OpenIDConnect provider found in your account for ${pipeline.issuer}`,
      advice:
        'Create the provider in the account and partition of role_arn, with exactly this issuer: with a trailing slash or in another case it is another provider.',
      doors: [`${door} InvalidIdentityToken`],
    });
  });

  test.each<[string, ByHand]>([
    ['an audience that the provider does not list', { clientIds: ['sts.amazonaws.com.evil'] }],
    ['every audience when the provider lists none', { clientIds: [] }],
  ])('%s', async (_, given) => {
    await expectRefused(pipeline, await setUp(pipeline, given), notValidated);
  });

  test.each<[string, ByHand]>([
    ['a role that is not there', { roles: [] }],
    ['a role that differs in case', { roles: ['Vendor'] }],
    ['another subject than the role trusts', { subject: 'con_00000000000000000000000000' }],
    ['a subject in another case than the role trusts', { subject: 'CON_00000000000000000000000000' }],
    ['a role whose conditions name another issuer', { prefix: 'id.example.com' }],
    ['session tags that the role does not let through', { target: { session_tags: { Team: 'blue' } } }],
    ['a source identity that the role does not let through', { target: { source_identity: 'acme' } }],
    [
      'session tags and a source identity when only one of them is let through',
      { target: { session_tags: { Team: 'blue' }, source_identity: 'acme' }, actions: ['sts:TagSession'] },
    ],
  ])('%s', async (_, given) => {
    await expectRefused(pipeline, await setUp(pipeline, given), notAuthorized);
  });

  test('a role that it has not heard of yet, and lets it in when it has', async () => {
    await pipeline.turn('PUT', '/faults', { cloud: 'aws', propagation_seconds: 15 });
    const connection = await setUp(pipeline);
    await expectRefused(pipeline, connection, notAuthorized);
    await pipeline.turn('PUT', '/clock', { offset_seconds: 15 });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('a token that has expired, also a fresh one', async () => {
    const connection = await setUp(pipeline);
    await pipeline.turn('PUT', '/clock', { offset_seconds: 700 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_token_time',
      detail:
        'The token had expired according to the clock of STS. AWS says ExpiredToken: Token expired: current date/time ',
      advice: clock,
      doors: [`${door} ExpiredTokenException`, `${door} ExpiredTokenException`],
      begins: true,
    });
  });

  test('a token from the future', async () => {
    const connection = await setUp(pipeline);
    await pipeline.turn('PUT', '/clock', { offset_seconds: -400 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_token_time',
      detail:
        'The clock of this server is more than five minutes ahead. AWS says InvalidIdentityToken: Token issued in the future: ',
      advice: clock,
      doors: [`${door} InvalidIdentityToken`],
      begins: true,
    });
  });

  test('a duration that is over what the role allows', async () => {
    await expectRefused(pipeline, await setUp(pipeline, { target: { duration_seconds: 7200 } }), {
      code: 'cloud_request_invalid',
      detail:
        'duration_seconds exceeds the maximum session duration of the role. AWS says ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      advice: 'Lower target.duration_seconds, or raise the maximum session duration of the role.',
      doors: [`${door} ValidationError`],
    });
  });

  test('a session policy that is none', async () => {
    const session_policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Maybe', Action: '*', Resource: '*' }],
    };
    await expectRefused(pipeline, await setUp(pipeline, { target: { session_policy } }), {
      code: 'cloud_request_invalid',
      detail: 'session_policy is not a policy that IAM can read. AWS says MalformedPolicyDocument: ',
      advice: 'Correct target.session_policy; IAM Access Analyzer can check it.',
      doors: [`${door} MalformedPolicyDocument`],
      begins: true,
    });
  });

  test('everybody while it is out of order, and is asked three times', async () => {
    const connection = await setUp(pipeline);
    await pipeline.turn('PUT', '/faults', { cloud: 'aws', status: 503 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_unavailable',
      status: 503,
      detail: 'The cloud reports an internal error. AWS says ',
      advice: 'Try again shortly. The connection itself is probably correct.',
      doors: [],
      retryAfter: '5',
      begins: true,
    });
  });

  test('nothing and answers nothing, which ends after five seconds', async () => {
    const connection = await setUp(pipeline);
    await pipeline.turn('PUT', '/faults', { cloud: 'aws', delay_ms: 6000 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_timeout',
      status: 504,
      detail: 'STS did not answer in time.',
      advice: 'Try again, and check the network path from the server to the cloud.',
      doors: [],
    });
  }, 30_000);
});

describe('the sandbox AWS, of an issuer that the internet sees otherwise, refuses', () => {
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

  test('a key that is not in the JWKS', async () => {
    await expectRefused(pipeline, connection, noKey);
  });

  test('everything when the documents are not there', async () => {
    front.status = 404;
    await expectRefused(pipeline, connection, noKey);
  });

  test('everything when discovery lacks one of its lists', async () => {
    const { subject_types_supported: list, ...rest } = front.discovery;
    front.discovery = rest;
    await expectRefused(pipeline, connection, noKey);
    front.discovery = { ...rest, subject_types_supported: list };
  });

  test('a signature by another key of the same name, and a key with key_ops', async () => {
    const key = front.keys.find(({ alg }) => alg === connection.algorithm)?.publicJwk;
    front.jwks = { keys: [{ ...key, kid }] };
    await expectRefused(pipeline, connection, notValidated);
    const jwks = (await (await fetch(`${pipeline.base}/jwks`)).json()) as typeof front.jwks;
    front.jwks = { keys: jwks.keys.map((own) => ({ ...own, key_ops: ['verify'] })) };
    await expectRefused(pipeline, connection, notValidated);
    front.jwks = jwks;
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('a role whose conditions lack the path of the issuer', async () => {
    const prefix = new URL(front.issuer).host;
    await expectRefused(pipeline, await setUp(pipeline, { prefix }), noKey);
    front.jwks = (await (await fetch(`${pipeline.base}/jwks`)).json()) as typeof front.jwks;
    await expectRefused(pipeline, await setUp(pipeline, { prefix }), notAuthorized);
  });
});
