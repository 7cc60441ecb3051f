import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeKey } from '../support/test-issuer.ts';
import {
  type AzureBench,
  audience,
  identityId,
  openAzureBench,
  subject,
  tenant,
  uuid,
} from './azure-bench.ts';

let bench: AzureBench;
beforeEach(async () => {
  bench = await openAzureBench();
});
afterEach(() => bench.close());

const instant = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/;
const trailer =
  / Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/;

/** Asserts Entra's whole error body; `text` can be a pattern, for times. */
function expectRefusal(
  answer: { status: number; body: { error_description: string } },
  status: number,
  error: string,
  code: number,
  text: string | RegExp,
) {
  expect(answer).toEqual({
    status,
    body: {
      error,
      error_description: expect.stringMatching(trailer),
      error_codes: [code],
      timestamp: expect.stringMatching(instant),
      trace_id: expect.stringMatching(uuid),
      correlation_id: expect.stringMatching(uuid),
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    },
  });
  const said = answer.body.error_description.replace(trailer, '');
  if (typeof text === 'string') expect(said).toBe(`AADSTS${code}: ${text}`);
  else expect(said).toMatch(text);
}

const seconds = () => Math.floor(Date.now() / 1000);
const mismatch = (member: string, value: string) =>
  `No matching federated identity record found for presented assertion ${member} '${value}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`;

describe('Entra’s token endpoint in the sandbox accepts a token that matches a credential and', () => {
  test('exchanges it for an access token, ignoring unknown parameters', async () => {
    const assertion = await bench.issuer.sign(bench.claims());
    const answer = await bench.exchange({
      ...bench.form(assertion),
      client_info: '1',
      'x-client-SKU': 'msal',
    });
    expect(answer).toEqual({
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: 3599,
        ext_expires_in: 3599,
        access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      },
    });
  });

  test('allows the older typ', async () => {
    const assertion = await bench.issuer.sign(bench.claims(), { typ: 'http://openid.net/specs/jwt/1.0' });
    expect((await bench.exchange(bench.form(assertion))).status).toBe(200);
  });

  test.each([
    ['issued 4 minutes ahead', { iat: seconds() + 240, nbf: seconds() + 240 }],
    ['expired for 4 minutes', { iat: seconds() - 600, nbf: seconds() - 600, exp: seconds() - 240 }],
    ['valid for 25 hours', { exp: seconds() + 25 * 3600 - 5, iat: seconds() }],
  ])('allows it when %s', async (_, changes) => {
    const assertion = await bench.issuer.sign(bench.claims(changes));
    expect((await bench.exchange(bench.form(assertion))).status).toBe(200);
  });
});

describe('a token that matches no credential of the Entra identity', () => {
  const rows: [string, Record<string, unknown>, () => [number, string]][] = [
    [
      'an issuer with a trailing slash',
      { iss: 'https://id.example.com/' },
      () => [700211, mismatch('issuer', 'https://id.example.com/')],
    ],
    [
      'a subject in another case',
      { sub: 'CONN_1' },
      () => [
        7002138,
        mismatch('subject', 'CONN_1').replace(
          ' Please',
          ' The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Please',
        ),
      ],
    ],
    [
      'the audience of another cloud',
      { aud: `${audience}USGov` },
      () => [700212, mismatch('audience', `${audience}USGov`)],
    ],
    [
      'a subject and an audience that both differ',
      { sub: 'x', aud: 'y' },
      () => [700213, mismatch('subject', 'x')],
    ],
    [
      'Entra itself as the issuer',
      { iss: `https://login.microsoftonline.com/${tenant}/v2.0` },
      () => [700222, 'AAD-issued tokens may not be used for federated identity flows.'],
    ],
  ];
  test.each(rows)('is refused for %s', async (_, changes, expected) => {
    const [code, text] = expected();
    const answer = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims(changes))));
    expectRefusal(answer, 401, 'invalid_client', code, text);
  });

  test('is refused when the identity has no credential', async () => {
    await bench.arm('DELETE', `${identityId}/federatedIdentityCredentials/sojourn`);
    const answer = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims())));
    expectRefusal(
      answer,
      401,
      'invalid_client',
      7000226,
      `No federated identity credential policy found on application '${bench.clientId}'.`,
    );
  });

  test('is refused until the credential has propagated', async () => {
    await bench.turn('/faults', { cloud: 'azure', propagation_seconds: 60 });
    const early = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims())));
    expectRefusal(
      early,
      401,
      'invalid_client',
      70021,
      `No matching federated identity record found for presented assertion. Assertion Issuer: '${bench.issuer.issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audience}'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation`,
    );
    await bench.turn('/clock', { offset_seconds: 61 });
    const later = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims())));
    expect(later.status).toBe(200);
  });

  test('is refused when the credential has an invisible space', async () => {
    await bench.arm('PUT', `${identityId}/federatedIdentityCredentials/sojourn`, {
      properties: { issuer: bench.issuer.issuer, subject: `${subject} `, audiences: [audience] },
    });
    const answer = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims())));
    expectRefusal(answer, 401, 'invalid_client', 700213, mismatch('subject', subject));
  });

  test.each([
    ['alone', undefined],
    ['beside a credential with another subject', 'conn_2'],
  ])('is refused when an expression that would match is %s', async (_, other) => {
    const credentials = `${identityId}/federatedIdentityCredentials`;
    const { issuer } = bench.issuer;
    await bench.arm('DELETE', `${credentials}/sojourn`);
    const flexible = {
      issuer,
      claimsMatchingExpression: { value: `claims['sub'] matches 'conn_*'`, languageVersion: 1 },
      audiences: [audience],
    };
    const created = await bench.arm('PUT', `${credentials}/flexible?api-version=2025-01-31-preview`, {
      properties: flexible,
    });
    expect(created).toEqual({
      status: 201,
      body: expect.objectContaining({ name: 'flexible', properties: flexible }),
    });
    if (other)
      await bench.arm('PUT', `${credentials}/other`, {
        properties: { issuer, subject: other, audiences: [audience] },
      });
    const answer = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims())));
    expectRefusal(
      answer,
      401,
      'invalid_client',
      7002241,
      `Flexible federated identity credentials are not supported for the issuer '${issuer}'.`,
    );
  });

  test('is refused when two credentials match only together', async () => {
    const credentials = `${identityId}/federatedIdentityCredentials`;
    await bench.arm('PUT', `${credentials}/other`, {
      properties: { issuer: bench.issuer.issuer, subject: 'conn_2', audiences: ['api://other'] },
    });
    const assertion = await bench.issuer.sign(bench.claims({ sub: 'conn_2' }));
    const answer = await bench.exchange(bench.form(assertion));
    expectRefusal(answer, 401, 'invalid_client', 700212, mismatch('audience', audience));
  });
});

describe('a token for Entra', () => {
  const typText = "Invalid JWT header type specified, must be 'JWT' or 'http://openid.net/specs/jwt/1.0'.";
  const algText = (alg: string) =>
    `Invalid JWT token. '${alg}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, HS256'`;

  test.each([
    ['at+jwt', { typ: 'at+jwt' }],
    ['no typ', { typ: undefined }],
    ['jwt in lower case', { typ: 'jwt' }],
  ])('is refused with %s in the header', async (_, header) => {
    const assertion = await bench.issuer.sign(bench.claims(), header);
    expectRefusal(await bench.exchange(bench.form(assertion)), 400, 'invalid_request', 5002727, typText);
  });

  test.each(['ES256', 'RS384', 'PS256', 'EdDSA'])('is refused when signed with %s', async (alg) => {
    const key = await makeKey(alg, 'other');
    bench.issuer.jwks.keys.push({ ...key.publicJwk });
    const assertion = await bench.issuer.sign(bench.claims(), {}, { key });
    expectRefusal(await bench.exchange(bench.form(assertion)), 400, 'invalid_request', 5002738, algText(alg));
  });

  test.each(['none', 'HS256'])('is refused when its header says %s', async (alg) => {
    const [, claims, signature] = (await bench.issuer.sign(bench.claims())).split('.');
    const header = Buffer.from(JSON.stringify({ alg, typ: 'JWT', kid: 'test-rs256' })).toString('base64url');
    const answer = await bench.exchange(bench.form(`${header}.${claims}.${signature}`));
    expectRefusal(answer, 400, 'invalid_request', 5002738, algText(alg));
  });

  test.each([
    ['garbage', () => 'garbage'],
    ['two parts', () => 'a.b'],
    ['a trailing newline', (token: string) => `${token}\n`],
    ['a leading space', (token: string) => ` ${token}`],
  ])('is refused as malformed with %s', async (_, modify) => {
    const assertion = modify(await bench.issuer.sign(bench.claims()));
    expectRefusal(
      await bench.exchange(bench.form(assertion)),
      400,
      'invalid_request',
      50027,
      'JWT token is invalid or malformed.',
    );
  });

  test.each(['iss', 'sub', 'aud', 'exp'])('is refused as malformed without %s', async (claim) => {
    const assertion = await bench.issuer.sign(bench.claims({ [claim]: undefined }));
    expectRefusal(
      await bench.exchange(bench.form(assertion)),
      400,
      'invalid_request',
      50027,
      'JWT token is invalid or malformed.',
    );
  });
});

describe('the times of a token for Entra', () => {
  const range =
    /^AADSTS700024: Client assertion is not within its valid time range\. Current time: \S+\.\d{7}Z, assertion valid from \S+\.0{7}Z, expiry time of assertion \S+\.0{7}Z\. Review the documentation at https:\/\/learn\.microsoft\.com\/entra\/identity-platform\/certificate-credentials \.$/;

  test.each([
    ['expired for 6 minutes', { iat: seconds() - 900, nbf: seconds() - 900, exp: seconds() - 360 }],
    ['valid only in 6 minutes', { nbf: seconds() + 360, exp: seconds() + 900 }],
    ['issued 6 minutes ahead', { iat: seconds() + 360, exp: seconds() + 900 }],
  ])('are refused when it is %s', async (_, changes) => {
    const assertion = await bench.issuer.sign(bench.claims(changes));
    expectRefusal(await bench.exchange(bench.form(assertion)), 401, 'invalid_client', 700024, range);
  });

  test('are refused without iat, because the lifetime then counts from 1970', async () => {
    const { exp } = bench.claims() as { exp: number };
    const assertion = await bench.issuer.sign(bench.claims({ iat: undefined, exp }));
    expectRefusal(
      await bench.exchange(bench.form(assertion)),
      400,
      'invalid_request',
      70023,
      `External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0. Token expires on ${exp}.`,
    );
  });

  test('are refused with a lifetime over 25 hours', async () => {
    const iat = seconds();
    const exp = iat + 25 * 3600 + 1;
    const assertion = await bench.issuer.sign(bench.claims({ iat, exp }));
    expectRefusal(
      await bench.exchange(bench.form(assertion)),
      400,
      'invalid_request',
      70023,
      `External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at ${iat}. Token expires on ${exp}.`,
    );
  });
});

describe('the signing key of a token for Entra', () => {
  const unknownKey = (identifier: string) =>
    `The certificate with identifier ${identifier} used to sign the federated credential could not be found in the metadata of identity provider ${bench.issuer.issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`;
  const exchange = async (header = {}, options = {}) =>
    bench.exchange(bench.form(await bench.issuer.sign(bench.claims(), header, options)));

  test('is refused when its kid is not in the metadata, and the error has the kid in hex', async () => {
    expectRefusal(
      await exchange({ kid: '36GEq14rP2UpuM_8GVMFAUI24pc' }),
      401,
      'invalid_client',
      7000272,
      unknownKey('DFA184AB5E2B3F6529B8CFFC195305014236E297'),
    );
  });

  test('is refused without kid, even with a single key in the metadata', async () => {
    bench.issuer.jwks.keys.length = 1;
    expectRefusal(await exchange({ kid: undefined }), 401, 'invalid_client', 7000272, unknownKey(''));
  });

  test('is refused when another key signed the token', async () => {
    const key = await makeKey('RS256', 'test-rs256');
    expectRefusal(
      await exchange({}, { key }),
      401,
      'invalid_client',
      7000274,
      'Client assertion contains an invalid signature.',
    );
  });

  test('is refused while Entra caches older metadata, regardless of Cache-Control, and accepted after 5 minutes', async () => {
    bench.issuer.headers = { 'cache-control': 'no-store' };
    expect((await exchange()).status).toBe(200);
    const key = await makeKey('RS256', 'next-key');
    bench.issuer.jwks.keys.push({ ...key.publicJwk });
    expectRefusal(
      await exchange({}, { key }),
      401,
      'invalid_client',
      7000272,
      unknownKey(kidInHex('next-key')),
    );
    await bench.turn('/clock', { offset_seconds: 301 });
    expect((await exchange({}, { key })).status).toBe(200);
  });

  test('is accepted after its removal until the cached metadata is a day old', async () => {
    expect((await exchange()).status).toBe(200);
    bench.issuer.jwks.keys.length = 0;
    expect((await exchange()).status).toBe(200);
  });

  test.each([
    [
      'discovery and JWKS fail',
      () => {
        bench.issuer.status = 503;
      },
    ],
    [
      'discovery names another issuer',
      () => {
        bench.issuer.discovery.issuer = 'https://other.example.com';
      },
    ],
    [
      'discovery has no jwks_uri',
      () => {
        bench.issuer.discovery.jwks_uri = undefined;
      },
    ],
    [
      'discovery answers with a redirect',
      () => {
        bench.issuer.status = 302;
        bench.issuer.headers = { location: `${bench.issuer.issuer}/elsewhere` };
      },
    ],
  ])('is not found when %s', async (_, breakIssuer) => {
    breakIssuer();
    expectRefusal(
      await exchange(),
      400,
      'invalid_request',
      50166,
      'Request to External OIDC endpoint failed.',
    );
  });
});

describe('the resource of a request to Entra’s token endpoint', () => {
  /** The request with this scope; resolves to the audience of the access token, or to the code of the refusal. */
  const audienceFor = async (resource: string) => {
    const form = bench.form(await bench.issuer.sign(bench.claims()));
    const { status, body } = await bench.exchange({ ...form, scope: `${resource}/.default` });
    if (status !== 200) return body.error_codes[0];
    return JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString()).aud;
  };

  test.each([
    'https://management.azure.com/',
    'https://management.usgovcloudapi.net',
    'https://graph.microsoft.us',
    'https://servicebus.azure.net',
    'https://eventhubs.azure.net',
    'https://ossrdbms-aad.database.windows.net',
    'https://cognitiveservices.azure.com',
    'https://acme.documents.azure.com',
    'https://acme.westeurope.kusto.windows.net',
    'https://acme.blob.core.chinacloudapi.cn',
    'https://vault.usgovcloudapi.net',
    'https://api.loganalytics.io',
    'https://analysis.windows.net/powerbi/api',
    '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
    'api://499b84ac-1321-427f-aa17-267ca6975798',
    '00000003-0000-0000-C000-000000000000',
  ])('can be the first-party %s, which is the audience of the token', async (resource) => {
    expect(await audienceFor(resource)).toBe(resource);
  });

  test.each([
    'https://managment.azure.com',
    'https://vault.azure.net.example.com',
    'https://acme.vault.azure.net',
    'https://azure.net',
    'http://vault.azure.net',
    '2ff814a6-3304-4ab8-85cb-cd0e6f879c1e',
    'api://AzureADTokenExchange',
  ])('cannot be %s, which is no first-party resource', async (resource) => {
    expect(await audienceFor(resource)).toBe(500011);
  });

  test.each([
    'https://management.usgovcloudapi.net',
    'https://management.core.usgovcloudapi.net/',
    'https://management.chinacloudapi.cn',
  ])('can be %s, and Resource Manager accepts the token', async (resource) => {
    const form = bench.form(await bench.issuer.sign(bench.claims()));
    const { body } = await bench.exchange({ ...form, scope: `${resource}/.default` });
    expect(await bench.arm('GET', '/subscriptions', undefined, body.access_token)).toEqual({
      status: 200,
      body: { value: [], count: { type: 'Total', value: 0 } },
    });
  });
});

describe('the v1.0 token endpoint of Entra', () => {
  const exchange = async (changes: Record<string, string>) => {
    const { scope: _, ...form } = bench.form(await bench.issuer.sign(bench.claims()));
    return bench.exchange({ ...form, ...changes }, tenant, 'oauth2/token');
  };

  test('takes the resource instead of the scope, and answers with its times as text', async () => {
    const { status, body } = await exchange({ resource: 'https://management.azure.com/' });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: '3599',
        ext_expires_in: '3599',
        expires_on: expect.stringMatching(/^\d{10}$/),
        not_before: expect.stringMatching(/^\d{10}$/),
        resource: 'https://management.azure.com/',
        access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      },
    });
    expect(Number(body.expires_on) - Number(body.not_before)).toBe(3599);
    expect((await bench.arm('GET', '/subscriptions', undefined, body.access_token)).status).toBe(200);
  });

  test('refuses the resource of nobody', async () => {
    const answer = await exchange({ resource: 'https://nowhere.example' });
    expectRefusal(
      answer,
      400,
      'invalid_resource',
      500011,
      `The resource principal named https://nowhere.example was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
    );
  });

  test('refuses a token that matches no credential', async () => {
    const assertion = await bench.issuer.sign(bench.claims({ sub: 'x' }));
    const answer = await exchange({ resource: 'https://graph.microsoft.com', client_assertion: assertion });
    expectRefusal(answer, 401, 'invalid_client', 700213, mismatch('subject', 'x'));
  });
});

describe('a request to Entra’s token endpoint', () => {
  const missing = (name: string) => `The request body must contain the following parameter: '${name}'.`;
  const other = '99999999-2222-3333-4444-555555555555';
  const rows: [string, Record<string, string>, number, string, number, string][] = [
    ['no grant_type', { grant_type: '' }, 400, 'invalid_request', 900144, missing('grant_type')],
    [
      'another grant type',
      { grant_type: 'password' },
      400,
      'unsupported_grant_type',
      70003,
      "The app requested an unsupported grant type 'password'.",
    ],
    ['no client_id', { client_id: '' }, 400, 'invalid_request', 900144, missing('client_id')],
    [
      'an unknown client',
      { client_id: other },
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${other}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    ],
    ['no scope', { scope: '' }, 400, 'invalid_request', 900144, missing('scope')],
    [
      'a scope without /.default',
      { scope: 'https://management.azure.com/user_impersonation' },
      400,
      'invalid_scope',
      70011,
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope https://management.azure.com/user_impersonation is not valid.",
    ],
    [
      'two resources',
      { scope: 'https://management.azure.com/.default https://vault.azure.net/.default' },
      400,
      'invalid_scope',
      70011,
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope https://management.azure.com/.default https://vault.azure.net/.default is not valid.",
    ],
    [
      'an unknown resource',
      { scope: 'https://nowhere.example/.default' },
      400,
      'invalid_resource',
      500011,
      `The resource principal named https://nowhere.example was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
    ],
    [
      'no assertion',
      { client_assertion: '' },
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ],
    [
      'no assertion type',
      { client_assertion_type: '' },
      400,
      'invalid_request',
      900144,
      missing('client_assertion_type'),
    ],
  ];
  test.each(rows)('is refused with %s', async (_, changes, status, error, code, text) => {
    const form = { ...bench.form(await bench.issuer.sign(bench.claims())), ...changes };
    expectRefusal(await bench.exchange(form), status, error, code, text);
  });

  test('is refused with a secret instead of the assertion', async () => {
    const { client_assertion: _, ...form } = bench.form('');
    expectRefusal(
      await bench.exchange({ ...form, client_secret: 's' }),
      401,
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${bench.clientId}'.`,
    );
  });

  test.each([
    [
      other,
      90002,
      `Tenant '${other}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
    ],
    [
      'common',
      50059,
      'No tenant-identifying information found in either the request or implied by any provided credentials.',
    ],
    [
      'nonsense',
      900023,
      "Specified tenant identifier 'nonsense' is neither a valid DNS name, nor a valid external domain.",
    ],
  ])('is refused for the tenant %s', async (where, code, text) => {
    const answer = await bench.exchange(bench.form(await bench.issuer.sign(bench.claims())), where);
    expectRefusal(answer, 400, 'invalid_request', code, text);
  });
});

const kidInHex = (kid: string) => Buffer.from(kid, 'base64url').toString('hex').toUpperCase();
