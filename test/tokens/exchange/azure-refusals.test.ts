import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { json } from '../../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { expectRefused, type Refused } from './refused.ts';

const tenant = '11111111-2222-4333-8444-555555555555';
const subscription = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const stranger = '99999999-9999-4999-8999-999999999999';
const slow = 'A new credential takes some minutes to propagate and can fail again after a first success.';

/** A customer who makes identity and credential by hand. */
interface ByHand {
  readonly target?: object;
  /** Of the federated credential; `null` leaves it out. */
  readonly credential?: { issuer?: string; subject?: string; audiences?: readonly string[] } | null;
}

let identities = 0;

async function setUp(pipeline: Pipeline, { target, credential = {} }: ByHand = {}): Promise<TestConnection> {
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

/** A refusal with this number, whose words are followed by Entra's random ids. */
const entra = (number: number, refused: Omit<Refused, 'doors' | 'begins'>): Refused => ({
  ...refused,
  doors: [`token AADSTS${number}`],
  begins: true,
});
const noRecord = (member: string, value: string) =>
  `No matching federated identity record found for presented assertion ${member} '${value}'.`;

describe('the sandbox Azure, set up by hand, refuses', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline();
  }, 60_000);
  afterAll(() => pipeline.close());
  afterEach(async () => {
    await pipeline.turn('PUT', '/clock', { offset_seconds: 0 });
    await pipeline.turn('PUT', '/faults', { cloud: 'azure' });
  });

  test('nothing when all of it is right', async () => {
    expect(await pipeline.credentials((await setUp(pipeline)).id)).toMatchObject({ status: 200 });
  });

  test.each([
    ['with a slash at its end', '/'],
    ['with a path', '/t/1'],
  ])('an issuer %s', async (_, end) => {
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

  test.each<[string, ByHand]>([
    ['another audience than the credential has', { credential: { audiences: ['api://Other'] } }],
    ['the audience of another Azure', { target: { environment: 'usgov' } }],
  ])('%s', async (_, given) => {
    const scope = 'https://vault.azure.net/.default';
    const connection = await setUp(pipeline, { ...given, target: { scope, ...given.target } });
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

  test.each(['con_00000000000000000000000000', 'CON_'])('another subject than %s', async (subject) => {
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
  });

  test('an identity that has no federated credential', async () => {
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

  test('a credential that has not arrived, and lets it in when it has', async () => {
    await pipeline.turn('PUT', '/faults', { cloud: 'azure', propagation_seconds: 120 });
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
    await pipeline.turn('PUT', '/clock', { offset_seconds: 120 });
    expect(await pipeline.credentials(connection.id)).toMatchObject({ status: 200 });
  });

  test('a directory that does not exist', async () => {
    await expectRefused(
      pipeline,
      await setUp(pipeline, { target: { tenant_id: stranger } }),
      entra(90002, {
        code: 'cloud_target_not_found',
        detail: `This Azure environment has no directory with this tenant_id. Azure says 90002: AADSTS90002: Tenant '${stranger}' not found.`,
        advice: 'Check target.tenant_id and target.environment.',
      }),
    );
  });

  test('an application that the directory does not have', async () => {
    await expectRefused(
      pipeline,
      await setUp(pipeline, { target: { client_id: stranger } }),
      entra(700016, {
        code: 'cloud_target_not_found',
        detail: `The directory has no application or identity with this client_id. Azure says 700016: AADSTS700016: Application with identifier '${stranger}' was not found in the directory '${tenant}'.`,
        advice:
          'Check target.tenant_id and target.client_id; an application of another directory first needs the consent of an administrator of this directory.',
      }),
    );
  });

  test('a scope of a resource that the directory does not have', async () => {
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

  test.each([700, -400])('a token when its clock is %d seconds off', async (offset_seconds) => {
    const connection = await setUp(pipeline);
    await pipeline.turn('PUT', '/clock', { offset_seconds });
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
  });

  test('everybody while it is out of order', async () => {
    const connection = await setUp(pipeline);
    await pipeline.turn('PUT', '/faults', { cloud: 'azure', status: 503 });
    await expectRefused(pipeline, connection, {
      code: 'cloud_unavailable',
      status: 503,
      detail: 'The cloud reports an internal error. Azure says ',
      advice: 'Try again shortly. The connection itself is probably correct.',
      doors: [],
      retryAfter: '5',
      begins: true,
    });
  });

  test('nothing, for a connection that would be signed with ES256 is not made', async () => {
    const made = pipeline.admin.post('/connections', {
      name: 'prod',
      tenant: pipeline.tenant.id,
      cloud: 'azure',
      target: { tenant_id: tenant, client_id: stranger },
      algorithm: 'ES256',
    });
    await expect(made).rejects.toThrow('answered 400');
  });
});

describe('the sandbox Azure, of an issuer that the internet sees otherwise, refuses', () => {
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

  test('everything while the documents are not there', async () => {
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

  test('a key that it has not seen, until it looks again; and then a signature by another key', async () => {
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
    await pipeline.turn('PUT', '/clock', { offset_seconds: 301 });
    // By then the token of a server that keeps the right time is old, but not too old.
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
