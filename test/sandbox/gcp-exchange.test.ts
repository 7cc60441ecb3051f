import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeKey } from '../support/test-issuer.ts';
import {
  cloudPlatform,
  type GcpBench,
  number,
  openGcpBench,
  pool,
  project,
  provider,
  subject,
} from './gcp-bench.ts';

let bench: GcpBench;
beforeEach(async () => {
  bench = await openGcpBench();
});
afterEach(() => bench.close());

const seconds = () => Math.floor(Date.now() / 1000);
const refused = (error: string, error_description: string) => ({
  status: 400,
  body: { error, error_description },
});
const rejected = refused(
  'unauthorized_client',
  'The given credential is rejected by the attribute condition.',
);
const unreachable = refused('invalid_grant', "Error connecting to the given credential's issuer.");
const present = async (changes = {}, header = {}, options = {}) =>
  bench.exchange(bench.form(await bench.issuer.sign(bench.claims(changes), header, options)));
const providerPath = `/v1/${provider}`;

describe('a token that the Google provider accepts', () => {
  const granted = (expiresIn: number) => ({
    status: 200,
    body: {
      access_token: expect.stringMatching(/^ya29\./),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: expiresIn,
    },
  });

  test('is exchanged for an access token that expires no later', async () => {
    const answer = await present({ exp: seconds() + 300 });
    expect(answer).toEqual(granted(answer.body.expires_in));
    expect([298, 299, 300]).toContain(answer.body.expires_in);
  });

  test('gets an access token for at most one hour, even if it is valid for 11 years', async () => {
    expect(await present({ exp: seconds() + 11 * 365 * 86_400 })).toEqual(granted(3600));
  });

  test('can be sent as JSON in camelCase, as id_token, and signed with ES256', async () => {
    const token = await bench.issuer.sign(bench.claims(), {}, { key: bench.issuer.keys[1]! });
    const answer = await fetch(`${bench.sandbox.origin}/gcp/v1/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience: `//iam.googleapis.com/${provider}`,
        scope: cloudPlatform,
        requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
        subjectTokenType: 'urn:ietf:params:oauth:token-type:id_token',
        subjectToken: token,
      }),
    });
    expect(answer.status).toBe(200);
  });

  test.each([
    ['the audience with https:', { aud: `https://iam.googleapis.com/${provider}` }],
    ['iat 58 s ahead', { iat: seconds() + 58 }],
    ['a subject of 127 bytes', { sub: 'x'.repeat(127) }],
  ])('is accepted with %s', async (_, changes) => {
    expect((await present(changes)).status).toBe(200);
  });

  test('is accepted 55 s after its expiry, with a response without expires_in', async () => {
    const answer = await present({ iat: seconds() - 300, exp: seconds() - 55 });
    expect(answer).toEqual({
      status: 200,
      body: {
        access_token: expect.stringMatching(/^ya29\./),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
      },
    });
  });

  test('causes an internal error if one second of its lifetime is left', async () => {
    const offset = 1000 - (Date.now() % 1000);
    await new Promise((resolve) => setTimeout(resolve, offset + 20));
    expect(await present({ exp: seconds() + 2 })).toEqual({
      status: 500,
      body: { error: { code: 500, message: 'Internal error encountered.', status: 'INTERNAL' } },
    });
  });
});

describe('a token that the Google provider does not accept', () => {
  test('is refused for another issuer', async () => {
    const { issuer } = bench.issuer;
    expect(await present({ iss: `${issuer}/` })).toEqual(
      refused(
        'invalid_grant',
        `The issuer in ID Token ${issuer}/ does not match the expected one in config: ${issuer}.`,
      ),
    );
    expect(await present({ iss: undefined })).toEqual(
      refused(
        'invalid_grant',
        `The issuer in ID Token null does not match the expected one in config: ${issuer}.`,
      ),
    );
  });

  test('is refused for another audience, or none', async () => {
    expect(await present({ aud: 'other' })).toEqual(
      refused('invalid_grant', 'The audience in ID Token [other] does not match the expected audience.'),
    );
    expect(await present({ aud: undefined })).toEqual(
      refused('invalid_grant', 'The audience in ID Token [] does not match the expected audience.'),
    );
  });

  test('is refused with the default audience if the provider has a list of audiences', async () => {
    await bench.manage('PATCH', `${providerPath}?updateMask=oidc.allowedAudiences`, {
      oidc: { allowedAudiences: ['urn:acme'] },
    });
    expect(await present()).toEqual(
      refused(
        'invalid_grant',
        `The audience in ID Token [//iam.googleapis.com/${provider}] does not match the expected audience urn:acme.`,
      ),
    );
    expect((await present({ aud: 'urn:acme' })).status).toBe(200);
  });

  test.each([
    ['no iat', { iat: undefined }],
    ['iat 119 s ahead', { iat: seconds() + 119 }],
    ['exp 65 s ago', { iat: seconds() - 300, exp: seconds() - 65 }],
    ['no exp', { exp: undefined }],
    ['a textual exp', { exp: 'tomorrow' }],
  ])('is refused as stale with %s', async (_, changes) => {
    const claims: Record<string, unknown> = { iat: seconds(), ...changes };
    expect(await present(claims)).toEqual(
      refused(
        'invalid_grant',
        `ID Token issued at ${JSON.stringify(claims.iat ?? null)} is stale to sign-in.`,
      ),
    );
  });

  test('is refused with a subject of 128 bytes, counted in UTF-8', async () => {
    const text =
      'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.';
    expect(await present({ sub: 'x'.repeat(128) })).toEqual(refused('invalid_request', text));
    expect(await present({ sub: 'ä'.repeat(64) })).toEqual(refused('invalid_request', text));
  });

  test('is refused without a subject', async () => {
    expect(await present({ sub: undefined })).toEqual(rejected);
  });

  test.each([
    ['google.subject', "(assertion.sub == 'x')", 'STRING'],
    ['google.subject', 'assertion.iat', 'STRING'],
    ['google.subject', 'size(assertion.sub)', 'STRING'],
    ['attribute.tier', 'assertion.aud.size() > 3', 'STRING'],
    ['attribute.roles', '[assertion.sub]', 'STRING'],
    ['google.groups', 'assertion.sub', 'LIST'],
  ])('is refused, not the provider, if %s is mapped to %s', async (name, expression, type) => {
    const changed = await bench.manage('PATCH', `${providerPath}?updateMask=attributeMapping`, {
      attributeMapping: { 'google.subject': 'assertion.sub', [name]: expression },
    });
    expect(changed.status).toBe(200);
    expect(await present()).toEqual(
      refused('unauthorized_client', `The mapped attribute '${name}' must be of type ${type}.`),
    );
  });

  test('is refused by the attribute condition', async () => {
    await bench.manage('PATCH', `${providerPath}?updateMask=attributeCondition`, {
      attributeCondition: `assertion.sub == '${subject}' && google.subject.startsWith('conn_')`,
    });
    expect((await present()).status).toBe(200);
    expect(await present({ sub: 'conn_2' })).toEqual(rejected);
  });

  test.each(['garbage', 'a.b.c', ''.padEnd(30, 'x.')])(
    'is refused as unparsable when it is %s',
    async (token) => {
      expect(await bench.exchange(bench.form(token))).toEqual(
        refused('invalid_grant', 'Unable to parse the ID Token.'),
      );
    },
  );
});

describe('the signing key of a token for Google', () => {
  test('is refused when another key signed the token', async () => {
    const key = await makeKey('RS256', 'test-rs256');
    expect(await present({}, {}, { key })).toEqual(
      refused('invalid_grant', 'Unable to verify the ID Token signature.'),
    );
  });

  test.each([
    ['has an unknown kid', { kid: 'unknown' }],
    ['has no kid', { kid: undefined }],
    ['names the key of the other algorithm', { kid: 'test-es256' }],
  ])('is not found when the header %s', async (_, header) => {
    expect(await present({}, header)).toEqual(unreachable);
  });

  test.each(['RS384', 'PS256', 'ES384'])('is refused with %s', async (alg) => {
    const key = await makeKey(alg, 'other');
    bench.issuer.jwks.keys.push({ ...key.publicJwk });
    expect(await present({}, {}, { key })).toEqual(unreachable);
  });

  test.each(['none', 'HS256'])('is refused when the header says %s', async (alg) => {
    const [, claims, signature] = (await bench.issuer.sign(bench.claims())).split('.');
    const header = Buffer.from(JSON.stringify({ alg, kid: 'test-rs256' })).toString('base64url');
    expect(await bench.exchange(bench.form(`${header}.${claims}.${signature}`))).toEqual(unreachable);
  });

  test('is not found when the issuer does not answer or has another name', async () => {
    bench.issuer.status = 503;
    expect(await present()).toEqual(unreachable);
    bench.issuer.status = 200;
    bench.issuer.discovery.issuer = 'https://other.example.com';
    expect(await present()).toEqual(unreachable);
  });

  test('is accepted after its removal until the cached set is a day old, regardless of Cache-Control', async () => {
    bench.issuer.headers = { 'cache-control': 'max-age=60' };
    expect((await present()).status).toBe(200);
    bench.issuer.jwks.keys.shift();
    await bench.turn('/clock', { offset_seconds: 78_000 });
    const later = { iat: seconds() + 78_000, exp: seconds() + 78_300 };
    expect((await present(later)).status).toBe(200);
    await bench.turn('/clock', { offset_seconds: 90_000 });
    expect(await present({ iat: seconds() + 90_000, exp: seconds() + 90_300 })).toEqual(unreachable);
  });

  test('is fetched at once if its kid is unknown', async () => {
    expect((await present()).status).toBe(200);
    const key = await makeKey('RS256', 'next');
    bench.issuer.jwks.keys.push({ ...key.publicJwk });
    expect((await present({}, {}, { key })).status).toBe(200);
  });

  test('is searched only in the uploaded set if there is one', async () => {
    const key = await makeKey('RS256', 'uploaded');
    const upload = (jwksJson: string) =>
      bench.manage('PATCH', `${providerPath}?updateMask=oidc.jwksJson`, { oidc: { jwksJson } });
    await upload(JSON.stringify({ keys: [key.publicJwk] }));
    expect((await present({}, {}, { key })).status).toBe(200);
    expect(await present()).toEqual(unreachable);
    await upload('{"keys":"none of this is a key set"}');
    expect(await present({}, {}, { key })).toEqual(unreachable);
  });
});

describe('a request to Google’s token service', () => {
  const audienceText =
    'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.';
  const targetText =
    'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.';
  const ask = async (changes: Record<string, string>, headers = {}) =>
    bench.exchange({ ...bench.form(await bench.issuer.sign(bench.claims())), ...changes }, headers);

  test.each([
    ['the pool instead of the provider', `//iam.googleapis.com/${pool}`],
    ['the project id', `//iam.googleapis.com/${provider.replace(number, project)}`],
    ['the scheme https:', `https://iam.googleapis.com/${provider}`],
    ['nothing', ''],
  ])('is refused with an audience of %s', async (_, audience) => {
    expect(await ask({ audience })).toEqual(refused('invalid_request', audienceText));
  });

  test('is refused when the provider or its pool is missing, disabled or deleted', async () => {
    const target = refused('invalid_target', targetText);
    expect(await ask({ audience: `//iam.googleapis.com/${pool}/providers/other` })).toEqual(target);
    await bench.manage('PATCH', `${providerPath}?updateMask=disabled`, { disabled: true });
    expect(await ask({})).toEqual(target);
    await bench.manage('PATCH', `${providerPath}?updateMask=disabled`, { disabled: false });
    expect((await ask({})).status).toBe(200);
    await bench.manage('DELETE', providerPath);
    expect(await ask({})).toEqual(target);
    await bench.manage('POST', `${providerPath}:undelete`);
    expect((await ask({})).status).toBe(200);
    await bench.manage('DELETE', `/v1/${pool}`);
    expect(await ask({})).toEqual(target);
  });

  test.each([
    [
      'another grant type',
      { grant_type: 'client_credentials' },
      'unsupported_grant_type',
      'Invalid value for "grant_type".',
    ],
    ['no grant type', { grant_type: '' }, 'invalid_request', 'Invalid value for "grant_type".'],
    [
      'no requested type',
      { requested_token_type: '' },
      'invalid_request',
      'Invalid value for "requested_token_type".',
    ],
    [
      'another subject type',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      'invalid_request',
      'Invalid value for "subject_token_type".',
    ],
    ['no subject token', { subject_token: '' }, 'invalid_request', 'Invalid value for "subject_token".'],
    ['no scope', { scope: '' }, 'invalid_scope', 'Scope(s) must be provided.'],
  ])('is refused with %s', async (_, changes, error, text) => {
    expect(await ask(changes)).toEqual(refused(error, text));
  });

  test('is refused with an Authorization header', async () => {
    expect(await ask({}, { authorization: 'Bearer x' })).toEqual(
      refused('invalid_request', 'The Authorization header is not supported for this request.'),
    );
  });

  test('is throttled with the error of the token service', async () => {
    await bench.turn('/faults', { cloud: 'gcp', status: 429 });
    expect(await ask({})).toEqual({
      status: 429,
      body: {
        error: 'quota_exceeded',
        error_description:
          'The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few seconds.',
      },
    });
  });
});
