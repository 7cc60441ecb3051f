/** The limits of a client's own assertion, each to the last second and character. */
import { expect, test } from '@jest/globals';
import { type KeyedClient, keysToVerify } from '../../../src/tokens/issuer/assertion.ts';
import { documentMaxAge } from '../../../src/tokens/issuer/documents.ts';

const now = 1_800_000_000;
const issuer = 'https://id.example.com';
const keys = [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }];
const client = {
  client_id: 'cli_1',
  auth: { method: 'private_key_jwt', jwks: { keys } },
} as unknown as KeyedClient;
const noKeysAreFetched = {
  clientKeys: () => Promise.reject(new Error('keys were fetched')),
};

function verify(claims: Record<string, unknown>) {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const good = { iss: 'cli_1', sub: 'cli_1', aud: issuer, exp: now + 60, jti: 'j' };
  const assertion = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode({ ...good, ...claims })}.c2ln`;
  return keysToVerify(assertion, client, { issuer, federation: noKeysAreFetched, now });
}

test.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
  ['exp a second ahead', { exp: now + 1 }, { exp: now }, 'exp is in the past'],
  ['a life of 300 s', { exp: now + 300 }, { exp: now + 301 }, 'exp must be at most 300 s after iat'],
  [
    'a life of 300 s after iat',
    { iat: now - 100, exp: now + 200 },
    { iat: now - 100, exp: now + 201 },
    'exp must be at most 300 s after iat',
  ],
  ['iat 60 s ahead', { iat: now + 60 }, { iat: now + 61 }, 'iat is in the future'],
  ['nbf 60 s ahead', { nbf: now + 60 }, { nbf: now + 61 }, 'nbf is in the future'],
  [
    'a jti of 256 characters',
    { jti: 'j'.repeat(256) },
    { jti: 'j'.repeat(257) },
    'jti must be a string of 1 to 256 characters',
  ],
  ['a jti', { jti: 'j' }, { jti: '' }, 'jti must be a string of 1 to 256 characters'],
  ['the audience as one string', { aud: issuer }, { aud: [issuer] }, 'aud must be the issuer, as one string'],
])('%s is accepted, and nothing beyond it', async (_, accepted, refused, reason) => {
  expect(await verify(accepted)).toEqual({ keys });
  await expect(verify(refused)).rejects.toMatchObject({
    code: 'invalid_client',
    cause: expect.objectContaining({ message: reason }),
  });
});

test('verifiers may cache the documents for half of the publish lead, at most 5 minutes', () => {
  const minutes = 60_000;
  expect([1, 6, 10, 11, 1_440].map((lead) => documentMaxAge(lead * minutes))).toEqual([
    30, 180, 300, 300, 300,
  ]);
});
