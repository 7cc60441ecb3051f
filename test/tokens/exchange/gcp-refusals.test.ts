import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { json } from '../../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { expectRefused, type Refused } from './expect-refused.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const project = 'acme-prod';
const number = '123456789012';
const account = `deployer@${project}.iam.gserviceaccount.com`;
const pools = `/v1/projects/${project}/locations/global/workloadIdentityPools`;

/** A manual set-up of pool, provider and binding, each in a new pool. */
interface ManualSetup {
  readonly target?: object;
  /** Members of the provider; `null` omits the provider. */
  readonly provider?: Readonly<Record<string, unknown>> | null;
  readonly pool?: null;
  /** The principal that may impersonate the service account; by default the subject of the connection, none if `null`. */
  readonly member?: string | null;
}

let poolCount = 0;

async function manage(pipeline: Pipeline, method: string, path: string, body: object = {}): Promise<void> {
  const headers = { authorization: `Bearer sandbox:${project}:${number}` };
  await json({ method, url: `${pipeline.sandbox}/gcp${path}`, headers, body });
}

async function setUp(pipeline: Pipeline, setup: ManualSetup = {}): Promise<TestConnection> {
  const pool_id = `pool-${++poolCount}`;
  const connection = await pipeline.connect('gcp', {
    project_number: number,
    pool_id,
    provider_id: 'vendor',
    ...setup.target,
  });
  if (setup.pool !== null) await manage(pipeline, 'POST', `${pools}?workloadIdentityPoolId=${pool_id}`);
  if (setup.pool !== null && setup.provider !== null)
    await manage(pipeline, 'POST', `${pools}/${pool_id}/providers?workloadIdentityPoolProviderId=vendor`, {
      attributeMapping: { 'google.subject': 'assertion.sub' },
      attributeCondition: `assertion.sub == '${connection.subject}'`,
      oidc: { issuerUri: pipeline.issuer },
      ...setup.provider,
    });
  const ownPrincipal = `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/${pool_id}/subject/${connection.subject}`;
  const { member = ownPrincipal } = setup;
  const bindings = member === null ? [] : [{ role: 'roles/iam.workloadIdentityUser', members: [member] }];
  await manage(pipeline, 'POST', `/v1/projects/${project}/serviceAccounts/${account}:setIamPolicy`, {
    policy: { bindings },
  });
  return connection;
}

const noTarget: Refused = {
  code: 'cloud_target_not_found',
  detail:
    'The pool or the provider does not exist, is disabled or was deleted. Google Cloud says invalid_target: The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
  advice:
    'Check target.project_number, target.pool_id and target.provider_id. A deleted id stays reserved for 30 days: undelete it, or use another one.',
  tokenRequests: ['sts.token invalid_target'],
};
const noAccess: Refused = {
  code: 'cloud_permission_denied',
  detail:
    "The identity was admitted, but may not impersonate the service account, or the account does not exist. Google Cloud says PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
  advice:
    'Wait 90 seconds if the binding is new. Otherwise grant roles/iam.workloadIdentityUser on target.service_account to the principal of the set-up file, which has the project number and not the project id.',
  tokenRequests: ['sts.token ok', 'iamcredentials.generateAccessToken PERMISSION_DENIED'],
};
const noKey: Refused = {
  code: 'cloud_issuer_unreachable',
  detail:
    "Google could not read the JWKS, or did not find the key of the token in it. Google Cloud says invalid_grant: Error connecting to the given credential's issuer.",
  advice:
    'If a JWKS was uploaded to the provider, check it first: it must contain the key of the token, and an invalid JWKS fails only here. Otherwise check from the internet that the issuer answers (`sojourn doctor`).',
  tokenRequests: ['sts.token invalid_grant'],
};
const asAccount = { target: { service_account: account } };

describe('an exchange with Google Cloud', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline();
    await manage(pipeline, 'POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'deployer' });
  }, 60_000);
  afterAll(() => pipeline.close());
  afterEach(async () => {
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 0 });
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'gcp' });
  });

  test.each([{}, asAccount])('succeeds if the set-up is correct, with %j', async (setup) => {
    expect(await pipeline.credentials((await setUp(pipeline, setup)).id)).toMatchObject({ status: 200 });
  });

  test.each<[string, ManualSetup]>([
    ['the pool does not exist', { pool: null }],
    ['the provider does not exist', { provider: null }],
    ['the provider is disabled', { provider: { disabled: true } }],
    ['the pool belongs to another project', { target: { project_number: '999999999999' } }],
  ])('fails with cloud_target_not_found if %s', async (_, setup) => {
    await expectRefused(pipeline, await setUp(pipeline, setup), noTarget);
  });

  test('fails with cloud_target_not_found if the pool was deleted', async () => {
    const connection = await setUp(pipeline);
    await manage(pipeline, 'DELETE', `${pools}/pool-${poolCount}`);
    await expectRefused(pipeline, connection, noTarget);
  });

  test('fails with cloud_issuer_unknown if the issuer in the provider has a trailing slash', async () => {
    const connection = await setUp(pipeline, { provider: { oidc: { issuerUri: `${pipeline.issuer}/` } } });
    await expectRefused(pipeline, connection, {
      code: 'cloud_issuer_unknown',
      detail: `The provider expects another issuer. Google Cloud says invalid_grant: The issuer in ID Token ${pipeline.issuer} does not match the expected one in config: ${pipeline.issuer}/.`,
      advice: 'Set exactly this issuer in the provider, including a trailing slash.',
      tokenRequests: ['sts.token invalid_grant'],
    });
  });

  test('fails with cloud_audience_mismatch if the provider lists only another audience', async () => {
    const oidc = { issuerUri: pipeline.issuer, allowedAudiences: ['vendor'] };
    const connection = await setUp(pipeline, { provider: { oidc } });
    await expectRefused(pipeline, connection, {
      code: 'cloud_audience_mismatch',
      detail: `The provider expects another audience. Google Cloud says invalid_grant: The audience in ID Token [${connection.audience}] does not match the expected audience vendor.`,
      advice:
        'Add the audience of the connection to the allowed audiences of the provider, or clear that list: any list replaces the default audience.',
      tokenRequests: ['sts.token invalid_grant'],
    });
  });

  test('fails with cloud_subject_mismatch if the attribute condition does not admit the subject', async () => {
    const attributeCondition = "assertion.sub == 'con_00000000000000000000000000'";
    await expectRefused(pipeline, await setUp(pipeline, { provider: { attributeCondition } }), {
      code: 'cloud_subject_mismatch',
      detail:
        'The attribute condition of the provider does not admit this subject. Google Cloud says unauthorized_client: The given credential is rejected by the attribute condition.',
      advice: 'Set the attribute condition of the set-up file. The subject must match exactly.',
      tokenRequests: ['sts.token unauthorized_client'],
    });
  });

  test('fails with cloud_trust_refused if the attribute mapping results in a subject of over 127 bytes', async () => {
    const mapping = 'assertion.sub + assertion.sub + assertion.sub + assertion.sub + assertion.sub';
    const provider = { attributeMapping: { 'google.subject': mapping } };
    await expectRefused(pipeline, await setUp(pipeline, { provider }), {
      code: 'cloud_trust_refused',
      detail:
        'The attribute mapping of the provider results in a subject of more than 127 bytes. Google Cloud says invalid_request: The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.',
      advice: 'Map google.subject to assertion.sub alone, as in the set-up file.',
      tokenRequests: ['sts.token invalid_request'],
    });
  });

  test.each([400, -100])(
    'fails with cloud_token_time if the clock of Google is %d seconds off',
    async (offset_seconds) => {
      const connection = await setUp(pipeline);
      await pipeline.callSandbox('PUT', '/clock', { offset_seconds });
      await expectRefused(pipeline, connection, {
        code: 'cloud_token_time',
        detail:
          'The token has expired or was issued in the future according to the clock of Google, which tolerates 60 seconds. Google Cloud says invalid_grant: ID Token issued at ',
        advice: 'Synchronize the clock of the server (NTP).',
        tokenRequests: ['sts.token invalid_grant'],
        isPrefix: true,
      });
    },
  );

  test('fails with cloud_issuer_unreachable if an uploaded JWKS lacks the key', async () => {
    const { keys } = (await (await fetch(`${pipeline.base}/jwks`)).json()) as { keys: object[] };
    const jwksJson = JSON.stringify({ keys: keys.map((key) => ({ ...key, kid: 'of-last-year' })) });
    const oidc = { issuerUri: pipeline.issuer, jwksJson };
    await expectRefused(pipeline, await setUp(pipeline, { provider: { oidc } }), noKey);
  });

  test.each<[string, ManualSetup]>([
    ['no principal is bound to the service account', { ...asAccount, member: null }],
    [
      'another subject is bound to the service account',
      {
        ...asAccount,
        member: `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/pool-1/subject/x`,
      },
    ],
    [
      'the service account does not exist',
      { target: { service_account: `nobody@${project}.iam.gserviceaccount.com` } },
    ],
  ])('fails with cloud_permission_denied if %s', async (_, setup) => {
    await expectRefused(pipeline, await setUp(pipeline, setup), noAccess);
  });

  test('fails with cloud_permission_denied if the binding has the project id instead of its number', async () => {
    const member = `principal://iam.googleapis.com/projects/${project}/locations/global/workloadIdentityPools/pool-${poolCount + 1}/attribute.x/y`;
    await expectRefused(pipeline, await setUp(pipeline, { ...asAccount, member }), noAccess);
  });

  test('fails with cloud_permission_denied until a new binding has propagated', async () => {
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'gcp', propagation_seconds: 50 });
    const connection = await setUp(pipeline, asAccount);
    await expectRefused(pipeline, connection, noAccess);
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 50 });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('fails with cloud_request_invalid if the lifetime exceeds one hour and the organization does not allow that', async () => {
    const target = { service_account: account, lifetime_seconds: 7200 };
    await expectRefused(pipeline, await setUp(pipeline, { target }), {
      code: 'cloud_request_invalid',
      detail:
        'lifetime_seconds exceeds one hour, and the organization does not allow that for this service account. Google Cloud says INVALID_ARGUMENT: The access token lifetime cannot exceed 3600s',
      advice:
        'Lower target.lifetime_seconds to 3600, or ask the customer to add the account to constraints/iam.allowServiceAccountCredentialLifetimeExtension.',
      tokenRequests: ['sts.token ok', 'iamcredentials.generateAccessToken INVALID_ARGUMENT'],
      isPrefix: true,
    });
  });

  test('fails with cloud_throttled while Google throttles', async () => {
    const connection = await setUp(pipeline);
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'gcp', status: 429 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_throttled',
      status: 503,
      detail:
        'The token service is throttling. Google Cloud says quota_exceeded: The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few seconds.',
      advice: 'Try again after the time in Retry-After.',
      tokenRequests: [],
      retryAfter: '1',
    });
  });
});

describe('an exchange with Google Cloud, which reads other issuer documents than the server has,', () => {
  let front: TestIssuer;
  let pipeline: Pipeline;
  beforeAll(async () => {
    front = await startTestIssuer({ path: '/t/1' });
    pipeline = await openPipeline({ front });
    await manage(pipeline, 'POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'deployer' });
  }, 60_000);
  afterAll(async () => {
    await pipeline.close();
    await front.close();
  });

  test('fails with cloud_issuer_unreachable if the JWKS is unavailable or lacks the key, and with cloud_key_unknown for a wrong signature', async () => {
    const connection = await setUp(pipeline);
    front.status = 503;
    await expectRefused(pipeline, connection, noKey);
    front.status = 200;
    await expectRefused(pipeline, connection, noKey);
    const { items } = await pipeline.admin.get<{ items: { kid: string; alg: string }[] }>('/keys');
    const kid = items.find(({ alg }) => alg === connection.algorithm)?.kid;
    const other = front.keys.find(({ alg }) => alg === connection.algorithm)?.publicJwk;
    front.jwks = { keys: [{ ...other, kid }] };
    await expectRefused(pipeline, connection, {
      code: 'cloud_key_unknown',
      detail:
        'The signature does not match the key that Google has for this key id. Google Cloud says invalid_grant: Unable to verify the ID Token signature.',
      advice:
        'Compare the JWKS on the internet, or the one uploaded to the provider, with the one of this server (`sojourn doctor`).',
      tokenRequests: ['sts.token invalid_grant'],
    });
  });
});
