import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { json } from '../../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { expectRefused, type Refused } from './expect-refused.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const tenant = '11111111-2222-4333-8444-555555555555';
const subscription = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const unknownId = '99999999-9999-4999-8999-999999999999';
const slow = 'A new credential takes some minutes to propagate and can fail again after a first success.';

/** A manual set-up of an identity and its federated credential. */
interface ManualSetup {
  readonly target?: object;
  /** Members of the federated credential; `null` omits the credential. */
  readonly credential?: { issuer?: string; subject?: string; audiences?: readonly string[] } | null;
}

let identities = 0;

async function setUp(
  pipeline: Pipeline,
  { target, credential = {} }: ManualSetup = {},
): Promise<TestConnection> {
  const group = `/subscriptions/${subscription}/resourceGroups/rg`;
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id${++identities}`;
  const put = <T>(path: string, body: object) =>
    json<T>({
      method: 'PUT',
      url: `${pipeline.sandbox}/azure${path}?api-version=2023-01-31`,
      headers: { authorization: `Bearer sandbox:${tenant}` },
      body,
    });
  await put(group, { location: 'westeurope' });
  const { properties } = await put<{ properties: { clientId: string } }>(identity, {
    location: 'westeurope',
  });
  const connection = await pipeline.connect('azure', {
    tenant_id: tenant,
    client_id: properties.clientId,
    ...target,
  });
  if (credential)
    await put(`${identity}/federatedIdentityCredentials/sojourn`, {
      properties: {
        issuer: pipeline.issuer,
        subject: connection.subject,
        audiences: ['api://AzureADTokenExchange'],
        ...credential,
      },
    });
  return connection;
}

/** A refusal with this AADSTS number; Entra adds random ids to its text. */
const entra = (number: number, refused: Omit<Refused, 'tokenRequests' | 'isPrefix'>): Refused => ({
  ...refused,
  tokenRequests: [`token AADSTS${number}`],
  isPrefix: true,
});
const noRecord = (member: string, value: string) =>
  `No matching federated identity record found for presented assertion ${member} '${value}'.`;

describe('an exchange with Azure', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline();
  }, 60_000);
  afterAll(() => pipeline.close());
  afterEach(async () => {
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 0 });
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'azure' });
  });

  test('succeeds if the set-up is correct', async () => {
    expect(await pipeline.credentials((await setUp(pipeline)).id)).toMatchObject({ status: 200 });
  });

  test.each([
    ['a trailing slash', '/'],
    ['an additional path', '/t/1'],
  ])('fails with cloud_issuer_unknown if the issuer in the credential has %s', async (_, end) => {
    const connection = await setUp(pipeline, { credential: { issuer: pipeline.issuer + end } });
    await expectRefused(
      pipeline,
      connection,
      entra(700211, {
        code: 'cloud_issuer_unknown',
        detail: `No federated credential of the identity has this issuer. Azure says 700211: AADSTS700211: ${noRecord('issuer', pipeline.issuer)}`,
        advice: `The issuer of the federated credential must match exactly, including a trailing slash. ${slow}`,
      }),
    );
  });

  test.each<[string, ManualSetup]>([
    ['the credential has another audience', { credential: { audiences: ['api://Other'] } }],
    [
      'the credential has the audience of another Azure environment',
      { target: { environment: 'usgov', scope: 'https://vault.usgovcloudapi.net/.default' } },
    ],
  ])('fails with cloud_audience_mismatch if %s', async (_, setup) => {
    const scope = 'https://vault.azure.net/.default';
    const connection = await setUp(pipeline, { ...setup, target: { scope, ...setup.target } });
    await expectRefused(
      pipeline,
      connection,
      entra(700212, {
        code: 'cloud_audience_mismatch',
        detail: `The federated credential has another audience. Azure says 700212: AADSTS700212: ${noRecord('audience', connection.audience)}`,
        advice:
          'Set the audience of the connection, and no other, in the federated credential. The audience depends on target.environment.',
      }),
    );
  });

  test.each(['con_00000000000000000000000000', 'CON_'])(
    'fails with cloud_subject_mismatch if the subject in the credential is %s',
    async (subject) => {
      const connection = await setUp(pipeline, { credential: { subject } });
      await expectRefused(
        pipeline,
        connection,
        entra(700213, {
          code: 'cloud_subject_mismatch',
          detail: `The federated credential has another subject. Azure says 700213: AADSTS700213: ${noRecord('subject', connection.subject)}`,
          advice: `The subject of the federated credential must match exactly, including case. ${slow}`,
        }),
      );
    },
  );

  test('fails with cloud_trust_refused if the identity has no federated credential', async () => {
    await expectRefused(
      pipeline,
      await setUp(pipeline, { credential: null }),
      entra(7000226, {
        code: 'cloud_trust_refused',
        detail:
          'The application has no federated credential. Azure says 7000226: AADSTS7000226: No federated identity credential policy found on application ',
        advice: 'Check target.client_id, then deploy the set-up file to that identity.',
      }),
    );
  });

  test('fails with cloud_trust_refused until a new credential has propagated', async () => {
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'azure', propagation_seconds: 120 });
    const connection = await setUp(pipeline);
    await expectRefused(
      pipeline,
      connection,
      entra(70021, {
        code: 'cloud_trust_refused',
        detail: `No federated credential of the identity matches issuer, subject and audience. Azure says 70021: AADSTS70021: No matching federated identity record found for presented assertion. Assertion Issuer: '${pipeline.issuer}'.`,
        advice: `${slow} Otherwise deploy the set-up file again.`,
      }),
    );
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 120 });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('fails with cloud_target_not_found if the directory does not exist', async () => {
    await expectRefused(
      pipeline,
      await setUp(pipeline, { target: { tenant_id: unknownId } }),
      entra(90002, {
        code: 'cloud_target_not_found',
        detail: `This Azure environment has no directory with this tenant_id. Azure says 90002: AADSTS90002: Tenant '${unknownId}' not found.`,
        advice: 'Check target.tenant_id and target.environment.',
      }),
    );
  });

  test('fails with cloud_target_not_found if the directory lacks the application', async () => {
    await expectRefused(
      pipeline,
      await setUp(pipeline, { target: { client_id: unknownId } }),
      entra(700016, {
        code: 'cloud_target_not_found',
        detail: `The directory has no application or identity with this client_id. Azure says 700016: AADSTS700016: Application with identifier '${unknownId}' was not found in the directory '${tenant}'.`,
        advice:
          'Check target.tenant_id and target.client_id; an application of another directory first needs the consent of an administrator of this directory.',
      }),
    );
  });

  test('fails with cloud_request_invalid if the directory lacks the resource of the scope', async () => {
    await expectRefused(
      pipeline,
      await setUp(pipeline, { target: { scope: 'https://nowhere.example/.default' } }),
      entra(500011, {
        code: 'cloud_request_invalid',
        detail:
          'The directory does not have the resource named in the scope. Azure says 500011: AADSTS500011: The resource principal named https://nowhere.example was not found',
        advice: 'Correct target.scope.',
      }),
    );
  });

  test.each([700, -400])(
    'fails with cloud_token_time if the clock of Entra is %d seconds off',
    async (offset_seconds) => {
      const connection = await setUp(pipeline);
      await pipeline.callSandbox('PUT', '/clock', { offset_seconds });
      await expectRefused(
        pipeline,
        connection,
        entra(700024, {
          code: 'cloud_token_time',
          detail:
            'The token has expired or is not valid yet according to the clock of Entra. Azure says 700024: AADSTS700024: Client assertion is not within its valid time range.',
          advice: 'Synchronize the clock of the server (NTP).',
        }),
      );
    },
  );

  test('fails with cloud_unavailable while Entra answers 503', async () => {
    const connection = await setUp(pipeline);
    await pipeline.callSandbox('PUT', '/faults', { cloud: 'azure', status: 503 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_unavailable',
      status: 503,
      detail: 'The cloud reports an internal error. Azure says ',
      advice: 'Try again shortly. The connection itself is probably correct.',
      tokenRequests: [],
      retryAfter: '5',
      isPrefix: true,
    });
  });

  test('is never signed with ES256: the server rejects a connection with that algorithm', async () => {
    const creation = pipeline.admin.post('/connections', {
      name: 'prod',
      tenant: pipeline.tenant.id,
      cloud: 'azure',
      target: { tenant_id: tenant, client_id: unknownId },
      algorithm: 'ES256',
    });
    await expect(creation).rejects.toThrow('answered 400');
  });
});

describe('an exchange with Azure, which reads other issuer documents than the server has,', () => {
  let front: TestIssuer;
  let pipeline: Pipeline;
  let kid: string;
  beforeAll(async () => {
    front = await startTestIssuer({ path: '/t/1' });
    pipeline = await openPipeline({ front });
    const { items } = await pipeline.admin.get<{ items: { kid: string; alg: string }[] }>('/keys');
    kid = items.find(({ alg }) => alg === 'RS256')?.kid ?? '';
  }, 60_000);
  afterAll(async () => {
    await pipeline.close();
    await front.close();
  });

  test('fails with cloud_issuer_unreachable while discovery and JWKS answer 500', async () => {
    front.status = 500;
    await expectRefused(
      pipeline,
      await setUp(pipeline),
      entra(50166, {
        code: 'cloud_issuer_unreachable',
        detail:
          'Entra could not read the issuer. Azure says 50166: AADSTS50166: Request to External OIDC endpoint failed.',
        advice:
          'Check from the internet that discovery and JWKS are public, answer quickly without a challenge or redirect, and send the full certificate chain (`sojourn doctor`).',
      }),
    );
    front.status = 200;
  });

  test('fails with cloud_key_unknown for a key that Entra has not read yet, and for another key with the key id', async () => {
    const connection = await setUp(pipeline);
    await expectRefused(
      pipeline,
      connection,
      entra(7000272, {
        code: 'cloud_key_unknown',
        detail: `Entra has not read the key of the token from the JWKS yet. Azure says 7000272: AADSTS7000272: The certificate with identifier ${Buffer.from(kid, 'base64url').toString('hex').toUpperCase()} used to sign`,
        advice:
          'Wait: Entra caches keys for 30 minutes or longer, ignores the cache headers, and reads a new issuer as slowly. If it still fails, check the JWKS from the internet (`sojourn doctor`).',
      }),
    );
    front.jwks = { keys: [{ ...front.keys[0]?.publicJwk, kid }] };
    await pipeline.callSandbox('PUT', '/clock', { offset_seconds: 301 });
    // With this clock, Entra reads the JWKS again, and the token of the server has not expired yet.
    await expectRefused(
      pipeline,
      connection,
      entra(7000274, {
        code: 'cloud_key_unknown',
        detail:
          'The signature does not match the key that Entra has for this key id. Azure says 7000274: AADSTS7000274: Client assertion contains an invalid signature.',
        advice:
          'Compare the JWKS on the internet with the one of this server (`sojourn doctor`). A key id must never be reused.',
      }),
    );
  });
});
