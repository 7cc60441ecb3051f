/** The whole claims of every kind of token. */
import { expect, test } from '@jest/globals';
import { type Connection, resolveConnection } from '../../../src/access/connections/index.ts';
import {
  apiClaims,
  cloudClaims,
  connectionIn,
  ownAlgorithm,
  probeClaims,
} from '../../../src/tokens/issuer/claims.ts';

const issuance = { iat: 1_000, ttl: 300, jti: 'j' };
const connection: Connection = {
  id: `con_${'1'.repeat(26)}`,
  name: 'prod',
  labels: {},
  tenant: 'ten_1',
  cloud: 'aws',
  target: { role_arn: 'arn:aws:iam::111122223333:role/a' },
  issuer: 'https://id.example.com',
  algorithm: 'ES256',
  token_ttl: null,
  verdict: 'active',
  disabled: false,
  created_at: '2027-01-01T00:00:00.000Z',
  updated_at: '2027-01-01T00:00:00.000Z',
  verified_at: null,
};
const resolved = resolveConnection(connection);
const ofCloud = {
  'https://aws.amazon.com/roles': ['arn:aws:iam::111122223333:role/a'],
  iss: connection.issuer,
  sub: connection.id,
  aud: 'sts.amazonaws.com',
  iat: 1_000,
  nbf: 995,
  exp: 1_300,
  jti: 'j',
};

test('a cloud token has the claims of its destination and is valid 5 seconds before its issue', () => {
  expect(cloudClaims(resolved, issuance)).toEqual(ofCloud);
});

test('a probe differs from the token of its connection in its subject or its audience alone', () => {
  expect(probeClaims(resolved, issuance, { subject: 'probe' })).toEqual({ ...ofCloud, sub: 'probe' });
  expect(probeClaims(resolved, issuance, { audience: 'other' })).toEqual({ ...ofCloud, aud: 'other' });
});

test.each([
  { subject: connection.id },
  { subject: `con_${'0'.repeat(26)}` },
  { audience: 'sts.amazonaws.com' },
])('a probe is never signed if a cloud could take it for a token of a connection: %j', (deviation) => {
  expect(() => probeClaims(resolved, issuance, deviation)).toThrow(
    expect.objectContaining({ code: 'internal', cause: new Error('the probe could be a real token') }),
  );
});

test('an API token names its client, and its secret and claims of the workload only if there are some', () => {
  const ofApi = {
    iss: 'https://id.example.com',
    sub: 'cli_1',
    client_id: 'cli_1',
    aud: 'urn:sojourn:api',
    iat: 1_000,
    nbf: 1_000,
    exp: 1_300,
    jti: 'j',
  };
  const claimsWith = (claims: Record<string, string>, secret?: string) =>
    apiClaims('https://id.example.com', 'cli_1', issuance, { claims, secret });
  expect(claimsWith({})).toStrictEqual(ofApi);
  expect(claimsWith({}, 'sec_1')).toStrictEqual({ ...ofApi, secret_id: 'sec_1' });
  expect(claimsWith({ ref: 'main' })).toStrictEqual({ ...ofApi, workload_claims: { ref: 'main' } });
});

test('a resource indicator names a connection by its prefix', () => {
  expect(['urn:sojourn:connection:con_1', 'urn:sojourn:api', 'con_1'].map(connectionIn)).toEqual([
    'con_1',
    undefined,
    undefined,
  ]);
});

test('what no cloud reads is signed with ES256 where there is a key', () => {
  expect([ownAlgorithm(['RS256', 'ES256']), ownAlgorithm(['RS256'])]).toEqual(['ES256', 'RS256']);
});
