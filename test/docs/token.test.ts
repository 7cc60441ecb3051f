import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import {
  askToken,
  awsTarget,
  oneConnection,
  type TestServer,
  testServer,
  withSecret,
} from '../support/server.ts';
import { blocks } from './documents.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const targets: Readonly<Record<string, Record<string, unknown>>> = {
  'sts.amazonaws.com': { cloud: 'aws', target: awsTarget },
  'api://AzureADTokenExchange': {
    cloud: 'azure',
    target: {
      tenant_id: '11111111-2222-4333-8444-555555555555',
      client_id: '27762497-9c19-4dfe-baf3-0d861cd1e0e1',
    },
  },
  'https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor-pool/providers/vendor-idp':
    {
      cloud: 'gcp',
      target: { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor-idp' },
    },
};

type Sample = Record<string, unknown>;
const samples = ['README.md', 'docs/clouds.md'].flatMap((file) => {
  const json = blocks(file, 'json').map((block) => JSON.parse(block) as Sample);
  return json
    .flatMap((header, index) => ('kid' in header ? [{ header, claims: json[index + 1]! }] : []))
    .map((pair) => ({ file, ...pair, audience: String(pair.claims.aud) }));
});

test('the documents have a sample token for each cloud', () => {
  expect(new Set(samples.map(({ audience }) => audience))).toEqual(new Set(Object.keys(targets)));
});

/** Member names with the types of their values; an id by its prefix and length. */
const shapeOf = (value: Sample) =>
  Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'sub'
        ? `${String(member).slice(0, 4)}${String(member).length}`
        : Array.isArray(member)
          ? 'array'
          : typeof member,
    ]),
  );

test.each(samples)(
  'the sample token for $audience in $file has the header and claims of an issued token',
  async ({ header, claims, audience }) => {
    const { connection, client } = await oneConnection(server, targets[audience]);
    const { body } = await askToken(server.issuer, withSecret(client, connection));
    const live = decodeJwt(String(body.access_token)) as Sample;
    const { kid, ...head } = decodeProtectedHeader(String(body.access_token));
    expect(header).toEqual({ ...head, kid: expect.stringMatching(/^[\w-]{43}$/) });
    expect(kid).toMatch(/^[\w-]{43}$/);
    expect(shapeOf(claims)).toEqual(shapeOf(live));
    expect(claims.aud).toBe(live.aud);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(Number(live.exp) - Number(live.iat));
  },
);
