import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { importPKCS8 } from 'jose';
import { generate } from 'selfsigned';
import { type AwsSandbox, startAwsSandbox } from '../support/aws-sandbox.ts';
import { makeKey, type TestKey } from '../support/test-issuer.ts';

const noKey = {
  status: 400,
  code: 'InvalidIdentityToken',
  message:
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
};
const notValidated = {
  status: 400,
  code: 'InvalidIdentityToken',
  message:
    'The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.',
};
const accepted = { status: 200, code: undefined, message: undefined };

let aws: AwsSandbox;
let rsa: Record<string, unknown>;
let ec: Record<string, unknown>;
beforeAll(async () => {
  aws = await startAwsSandbox();
  [rsa, ec] = aws.issuer.keys.map(({ publicJwk }) => ({ ...publicJwk })) as [typeof rsa, typeof ec];
});
afterAll(() => aws.close());
beforeEach(() => {
  aws.issuer.jwks = { keys: [rsa, ec] };
  aws.issuer.headers = { 'cache-control': 'no-cache' };
});

/** Signs a token with a key of the issuer and requests the role. */
async function assume(header: Record<string, unknown> = {}, key?: TestKey) {
  const token = await aws.issuer.sign(aws.claims(), header, key ? { key } : {});
  const { body: _body, ...outcome } = await aws.assume(token);
  return outcome;
}

describe('STS verifies with a key of the JWKS', () => {
  test.each(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])('for %s', async (alg) => {
    const key = await makeKey(alg, alg);
    aws.issuer.jwks = { keys: [rsa, ec, { ...key.publicJwk }] };
    expect(await assume({}, key)).toEqual(accepted);
  });

  const without = (jwk: Record<string, unknown>, name: string) =>
    Object.fromEntries(Object.entries(jwk).filter(([member]) => member !== name));

  test.each<[string, () => Record<string, unknown>[], Record<string, unknown>, object]>([
    ['an unknown kid', () => [rsa, ec], { kid: 'unknown' }, noKey],
    ['no kid with several keys', () => [rsa, ec], { kid: undefined }, noKey],
    ['an empty kid with several keys', () => [rsa, ec], { kid: '' }, noKey],
    ['no kid with one key', () => [rsa], { kid: undefined }, accepted],
    ['an empty kid with one key', () => [rsa], { kid: '' }, accepted],
    ['an unknown kid with one key', () => [rsa], { kid: 'unknown' }, noKey],
    ['no kid with one key that has no kid', () => [without(rsa, 'kid')], { kid: undefined }, noKey],
    ['an encryption key', () => [{ ...rsa, use: 'enc' }], {}, noKey],
    ['a key without use', () => [without(rsa, 'use')], {}, accepted],
    ['a key with another alg', () => [{ ...rsa, alg: 'RS512' }], {}, accepted],
    ['a key with key_ops verify', () => [{ ...rsa, key_ops: ['verify'] }], {}, notValidated],
    ['a key with key_ops sign', () => [{ ...rsa, key_ops: ['sign'] }], {}, notValidated],
    ['the same key twice', () => [rsa, rsa], {}, accepted],
    [
      'a wrong key before the right key with the same kid',
      () => [{ ...ec, kid: rsa.kid }, rsa],
      {},
      accepted,
    ],
    [
      'a wrong key after the right key with the same kid',
      () => [rsa, { ...ec, kid: rsa.kid }],
      {},
      notValidated,
    ],
    ['a key without a modulus', () => [without(rsa, 'n'), ec], {}, noKey],
    ['an empty set', () => [], {}, noKey],
  ])('according to the rule for %s', async (_title, keys, header, expected) => {
    aws.issuer.jwks = { keys: keys() };
    expect(await assume(header)).toEqual(expected);
  });

  test('only while there are at most 100 RSA keys; EC keys are counted separately', async () => {
    const copies = Array.from({ length: 100 }, (_, index) => ({ ...rsa, kid: `extra${index}` }));
    aws.issuer.jwks = { keys: [...copies.slice(1), rsa, ec] };
    expect(await assume()).toEqual(accepted);
    aws.issuer.jwks = { keys: [...copies, rsa, ec] };
    expect(await assume()).toEqual(noKey);
    expect(await assume({}, aws.issuer.keys[1])).toEqual(accepted);
  });

  test('only if the certificate in x5c has the same key', async () => {
    const pems = await generate([{ name: 'commonName', value: 'test' }], { keySize: 2048 });
    const certificate = new X509Certificate(pems.cert).raw.toString('base64');
    const pkcs8 = createPrivateKey(pems.private).export({ type: 'pkcs8', format: 'pem' }).toString();
    const jwk = new X509Certificate(pems.cert).publicKey.export({ format: 'jwk' });
    const publicJwk = { ...jwk, kid: 'certified', use: 'sig' };
    const key = { kid: 'certified', alg: 'RS256', privateKey: await importPKCS8(pkcs8, 'RS256'), publicJwk };

    aws.issuer.jwks = { keys: [{ ...publicJwk, x5c: [certificate] }, ec] };
    expect(await assume({}, key as TestKey)).toEqual(accepted);
    aws.issuer.jwks = { keys: [{ kid: 'certified', kty: 'RSA', x5c: [certificate] }, ec] };
    expect(await assume({}, key as TestKey)).toEqual(noKey);
    aws.issuer.jwks = { keys: [{ ...rsa, x5c: [certificate] }, ec] };
    expect(await assume()).toEqual(noKey);
  });
});

describe('STS caches the JWKS', () => {
  const fetches = () => aws.issuer.requests.filter((path) => path === '/t/1/jwks').length;

  test('not with no-cache, so that a removed key is refused at once', async () => {
    expect(await assume()).toEqual(accepted);
    aws.issuer.jwks = { keys: [ec, { ...ec, kid: 'other' }] };
    expect(await assume()).toEqual(noKey);
  });

  test('for some minutes otherwise, and fetches it again for an unknown kid', async () => {
    await aws.control('PUT', '/clock', { offset_seconds: 600 });
    aws.issuer.headers = { 'cache-control': 'public, max-age=60' };
    const before = fetches();
    expect(await assume()).toEqual(accepted);
    expect(await assume()).toEqual(accepted);
    expect(fetches() - before).toBe(1);

    const next = await makeKey('ES256', 'next');
    aws.issuer.jwks = { keys: [ec, { ...next.publicJwk }] };
    expect(await assume()).toEqual(accepted);
    expect(fetches() - before).toBe(1);
    expect(await assume({}, next)).toEqual(accepted);
    expect(fetches() - before).toBe(2);
    expect(await assume()).toEqual(noKey);
  });
});
