import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsSandbox, sandboxTime, startAwsSandbox } from '../support/aws-sandbox.ts';
import { makeKey } from '../support/test-issuer.ts';

const notValidated =
  'The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.';
const notAJwt =
  'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)';
const noKey =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const twoAudiences = 'Token audience contains more than one audience while authorized party is not present';

let aws: AwsSandbox;
beforeAll(async () => {
  aws = await startAwsSandbox();
});
afterAll(() => aws.close());

const invalid = (message: string) => ({ status: 400, code: 'InvalidIdentityToken', message });

describe('AssumeRoleWithWebIdentity refuses a token', () => {
  test.each([
    ['without iss', { iss: undefined }, invalid('Missing a required claim: iss')],
    ['without sub', { sub: undefined }, invalid('Missing a required claim: sub')],
    ['without aud', { aud: undefined }, invalid('Missing a required claim: aud')],
    ['without iat', { iat: undefined }, invalid('Missing a required claim: iat')],
    ['without exp', { exp: undefined }, invalid('Missing a required claim: exp')],
    ['whose iat is null', { iat: null }, invalid('Invalid timestamp in token claims.')],
    ['whose iat is fractional', { iat: sandboxTime - 0.5 }, invalid('Invalid timestamp in token claims.')],
    ['whose exp is fractional', { exp: sandboxTime + 100.5 }, invalid('Invalid timestamp in token claims.')],
    ['whose nbf is not a number', { nbf: 'invalid' }, invalid('Invalid timestamp in token claims.')],
    [
      'that expired 300 s ago',
      { exp: sandboxTime - 300 },
      {
        status: 400,
        code: 'ExpiredTokenException',
        message: `Token expired: current date/time ${sandboxTime - 300} must be before the expiration date/time ${sandboxTime - 300}`,
      },
    ],
    [
      'issued 301 s from now',
      { iat: sandboxTime + 301 },
      invalid(`Token issued in the future: ${sandboxTime + 301}`),
    ],
    [
      'valid from 301 s from now',
      { nbf: sandboxTime + 301 },
      invalid(
        `Token not yet valid: current date/time ${sandboxTime + 300} must be after or equal to the not-before date/time ${sandboxTime + 301}`,
      ),
    ],
    ['with two audiences and no azp', { aud: ['client-a', 'client-b'] }, invalid(twoAudiences)],
    ['with an empty list of audiences', { aud: [] }, invalid('Claim is not allowed to be empty: aud')],
    ['with an unregistered audience', { aud: 'other' }, invalid(notValidated)],
    ['with an empty audience', { aud: '' }, invalid(notValidated)],
    ['whose azp is not registered, though its aud is', { azp: 'other' }, invalid(notValidated)],
    ['whose azp is empty, though its aud is registered', { azp: '' }, invalid(notValidated)],
    [
      'of an unknown issuer',
      { iss: 'https://other.example.com' },
      invalid('No OpenIDConnect provider found in your account for https://other.example.com'),
    ],
    [
      'whose sub is null',
      { sub: null },
      { status: 500, code: 'InternalFailure', message: 'Unknown error validating third-party token' },
    ],
  ])('%s', async (_title, patch, expected) => {
    const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims(patch)));
    expect(outcome).toEqual(expected);
  });

  test('whose issuer has one more trailing slash than the provider', async () => {
    const { status, code, message } = await aws.assume(
      await aws.issuer.sign(aws.claims({ iss: `${aws.issuer.issuer}/` })),
    );
    expect({ status, code, message }).toEqual(
      invalid(`No OpenIDConnect provider found in your account for ${aws.issuer.issuer}/`),
    );
  });

  test.each([
    ['that has a crit header', { crit: ['custom'], custom: 'yes' }],
    ['with the algorithm none', { alg: 'none' }],
    ['with an HMAC algorithm', { alg: 'HS256' }],
    ['with RSA-PSS', { alg: 'PS256' }],
    ['with EdDSA', { alg: 'EdDSA' }],
  ])('%s', async (_title, header) => {
    const [, payload, signature] = (await aws.issuer.sign(aws.claims())).split('.');
    const forged = { alg: 'RS256', kid: 'test-rs256', ...header };
    const { body: _body, ...outcome } = await aws.assume(
      [Buffer.from(JSON.stringify(forged)).toString('base64url'), payload, signature].join('.'),
    );
    expect(outcome).toEqual(invalid(notAJwt));
  });

  test.each([
    ['with two parts', (token: string) => token.split('.').slice(0, 2).join('.')],
    ['with a trailing space', (token: string) => `${token} `],
    ['with a trailing line end', (token: string) => `${token}\n`],
    ['in padded base64', (token: string) => `${token}=`],
    ['that is opaque', () => 'ya29.opaque'],
  ])('%s', async (_title, modify) => {
    const { body: _body, ...outcome } = await aws.assume(modify(await aws.issuer.sign(aws.claims())));
    expect(outcome).toEqual(invalid(notAJwt));
  });

  test('signed by another key under a known kid', async () => {
    const key = { ...(await makeKey('RS256', 'test-rs256')) };
    const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims(), {}, { key }));
    expect(outcome).toEqual(invalid(notValidated));
  });

  test('whose last duplicate claim has another value than the registered one', async () => {
    const { privateKey } = aws.issuer.keys[0]!;
    const { CompactSign } = await import('jose');
    const claims = `${JSON.stringify(aws.claims()).slice(0, -1)},"aud":"other"}`;
    const token = await new CompactSign(Buffer.from(claims))
      .setProtectedHeader({ alg: 'RS256', kid: 'test-rs256' })
      .sign(privateKey);
    const { body: _body, ...outcome } = await aws.assume(token);
    expect(outcome).toEqual(invalid(notValidated));
  });

  test('when the issuer does not answer', async () => {
    const token = await aws.issuer.sign(aws.claims());
    aws.issuer.status = 503;
    const { body: _body, ...outcome } = await aws.assume(token);
    aws.issuer.status = 200;
    expect(outcome).toEqual(invalid(noKey));
  });

  test.each([
    ['names another issuer', { issuer: 'https://other.example.com' }],
    ['has no jwks_uri', { jwks_uri: undefined }],
    ['has no response types', { response_types_supported: undefined }],
    ['has no subject types', { subject_types_supported: undefined }],
    ['has no algorithms', { id_token_signing_alg_values_supported: undefined }],
  ])('when the discovery document %s', async (_title, patch) => {
    const sound = aws.issuer.discovery;
    aws.issuer.discovery = { ...sound, ...patch };
    const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims()));
    aws.issuer.discovery = sound;
    expect(outcome).toEqual(invalid(noKey));
  });

  test('when the JWKS redirects', async () => {
    const sound = aws.issuer.headers;
    aws.issuer.headers = { ...sound, location: '/t/1/elsewhere' };
    aws.issuer.status = 302;
    const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims()));
    aws.issuer.status = 200;
    aws.issuer.headers = sound;
    expect(outcome).toEqual(invalid(noKey));
  });

  test.each([
    [
      'www.amazon.com',
      {
        status: 400,
        code: 'InvalidIdentityToken',
        message: 'Provided Token is not a Login With Amazon token',
      },
    ],
    [
      'graph.facebook.com',
      {
        status: 403,
        code: 'IDPRejectedClaim',
        message: 'graph.facebook.com rejected OAuth token with response "Bad signature" and code 190',
      },
    ],
    ...['accounts.google.com', 'https://www.amazon.com', 'custom.example.test'].map(
      (id) =>
        [
          id,
          {
            status: 403,
            code: 'AccessDenied',
            message:
              'Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens',
          },
        ] as const,
    ),
  ])('sent with ProviderId %s', async (ProviderId, expected) => {
    const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims()), { ProviderId });
    expect(outcome).toEqual(expected);
  });
});

describe('AssumeRoleWithWebIdentity accepts a token', () => {
  test.each([
    ['that expired 299 s ago', { exp: sandboxTime - 299 }, 'con_1', 'client-a'],
    ['issued 300 s from now', { iat: sandboxTime + 300 }, 'con_1', 'client-a'],
    ['valid from 300 s from now', { nbf: sandboxTime + 300 }, 'con_1', 'client-a'],
    [
      'whose times are strings of digits',
      { exp: String(sandboxTime + 600), iat: String(sandboxTime) },
      'con_1',
      'client-a',
    ],
    ['with one audience in a list', { aud: ['client-a'] }, 'con_1', 'client-a'],
    ['whose azp replaces its audience', { aud: 'other', azp: 'client-b' }, 'con_1', 'client-b'],
    ['with two audiences and an azp', { aud: ['x', 'client-a'], azp: 'client-b' }, 'con_1', 'client-b'],
    ['with a short subject', { sub: 'a' }, 'a', 'client-a'],
    ['with a subject of 300 characters', { sub: 'a'.repeat(300) }, 'a'.repeat(300), 'client-a'],
    ['whose subject is a number', { sub: 123 }, '123', 'client-a'],
    ['that is valid for eleven years', { exp: sandboxTime + 347_000_000 }, 'con_1', 'client-a'],
  ])('%s', async (_title, patch, subject, audience) => {
    const answer = await aws.sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: aws.roleArn,
        RoleSessionName: 'test-session',
        WebIdentityToken: await aws.issuer.sign(aws.claims(patch)),
      }),
    );
    const { $metadata: _metadata, Credentials: credentials, AssumedRoleUser: user, ...rest } = answer;
    expect(rest).toEqual({
      SubjectFromWebIdentityToken: subject,
      Audience: audience,
      Provider: aws.providerArn,
      PackedPolicySize: 25,
    });
    expect(user).toEqual({
      Arn: 'arn:aws:sts::123456789012:assumed-role/partner/test-session',
      AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:test-session$/),
    });
    expect(credentials).toEqual({
      AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
      SecretAccessKey: expect.stringMatching(/^[A-Za-z0-9+/]{40}$/),
      SessionToken: expect.stringMatching(/^[A-Za-z0-9+/]{680}$/),
      Expiration: new Date((sandboxTime + 3600) * 1000),
    });
  });

  test('with an empty subject', async () => {
    const answer = await aws.assume(await aws.issuer.sign(aws.claims({ sub: '' })));
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<SubjectFromWebIdentityToken></SubjectFromWebIdentityToken>');
  });
});
