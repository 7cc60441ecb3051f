/** Workloads of every platform sign in at /token, as assertion and in token exchange. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { type ForeignIssuer, startForeignIssuer } from '../../support/foreign-issuer.ts';
import {
  askToken,
  oneConnection,
  type TestConnection,
  type TestServer,
  testServer,
} from '../../support/server.ts';
import {
  asAssertion,
  asSubject,
  audience,
  exchangeGrant,
  invalidClient,
  type Workload,
  type WorkloadName,
  workloadNames,
  workloads,
} from './workloads.ts';

let foreign: ForeignIssuer;
let server: TestServer;
let connection: TestConnection;
const known = {} as Record<WorkloadName, { workload: Workload; client: string }>;

beforeAll(async () => {
  foreign = await startForeignIssuer();
  server = await testServer({
    config: { federation: { ca: foreign.caFile, allow_networks: ['127.0.0.0/8', '::1/128'] } },
  });
  ({ connection } = await oneConnection(server));
  for (const name of workloadNames) {
    const workload = workloads[name](foreign);
    const { client_id } = await server.admin.post<{ client_id: string }>('/clients', {
      name,
      auth: { method: 'federated', audience, ...workload.trust },
      may_use: [{ connection: connection.id }],
    });
    known[name] = { workload, client: client_id };
  }
}, 60_000);

afterAll(async () => {
  await server?.close();
  await foreign?.close();
});

const tokenOf = (name: WorkloadName, claims: Record<string, unknown> = {}) => {
  const { workload } = known[name];
  return foreign.sign({ ...workload.claims(), ...claims }, workload.header);
};

interface Line {
  readonly event: string;
  readonly client?: string;
  readonly reason?: string;
  readonly facts?: unknown;
}
const newest = async () => (await server.admin.get<{ items: Line[] }>('/audit?limit=1')).items[0];

const answered = {
  status: 200,
  body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
};

describe.each(workloadNames)('a workload of the kind %s', (name) => {
  test('gets the token of its connection for an assertion, and the audit line names the workload', async () => {
    const { client } = known[name];
    const token = await tokenOf(name);
    const answer = await askToken(server.issuer, asAssertion(token));
    expect(answer).toEqual(answered);
    const { sub, iss, aud } = decodeJwt(String(answer.body.access_token));
    expect({ sub, iss, aud }).toEqual({
      sub: connection.subject,
      iss: server.issuer,
      aud: connection.audience,
    });
    expect(await newest()).toMatchObject({
      event: 'token.issued',
      outcome: 'ok',
      client,
      connection: connection.id,
      facts: { auth: 'federated', issuer: known[name].workload.trust.issuer, subject: decodeJwt(token).sub },
    });
  });

  test('gets it by token exchange too, with or without client_id', async () => {
    for (const more of [{}, { client_id: known[name].client }]) {
      expect(await askToken(server.issuer, asSubject(await tokenOf(name), more))).toEqual({
        status: 200,
        body: {
          ...answered.body,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
      });
    }
  });

  test('gets a token for /v1 like any other client', async () => {
    const { body } = await askToken(
      server.issuer,
      asAssertion(await tokenOf(name), { resource: 'urn:sojourn:api' }),
    );
    expect(decodeJwt(String(body.access_token))).toMatchObject({
      sub: known[name].client,
      aud: 'urn:sojourn:api',
    });
  });

  test('is refused with another audience, for another workload, and without exp', async () => {
    const stranger: Record<WorkloadName, Record<string, unknown>> = {
      kubernetes: { sub: 'system:serviceaccount:billing:other' },
      github: { ref: 'refs/heads/other' },
      gitlab: { project_id: '23' },
      aws: { sub: 'arn:aws:iam::123456789012:role/Other' },
      gcp: { sub: '112010400000000710081' },
      azure: { oid: '0b6f2c3e-5a0e-4d0b-9f3b-2d1a7e6c9b11' },
      spiffe: { sub: 'spiffe://prod.example.com/billing/other' },
    };
    for (const claims of [{ aud: 'https://other.example' }, stranger[name], { exp: undefined }]) {
      const token = await tokenOf(name, claims);
      expect(await askToken(server.issuer, asAssertion(token))).toEqual(invalidClient);
      expect(await askToken(server.issuer, asSubject(token))).toEqual(invalidClient);
      expect(server.logged()).not.toContain(token);
    }
  });
});

describe('the assertion type for SPIFFE', () => {
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe';

  test('signs in a workload with a SPIFFE ID', async () => {
    const token = await tokenOf('spiffe');
    expect(await askToken(server.issuer, asAssertion(token, { client_assertion_type }))).toEqual(answered);
  });

  test.each(workloadNames.filter((name) => name !== 'spiffe'))(
    'is refused for a token of %s',
    async (name) => {
      const token = await tokenOf(name);
      expect(await askToken(server.issuer, asAssertion(token, { client_assertion_type }))).toEqual(
        invalidClient,
      );
      expect((await newest())?.reason).toContain('the token has no SPIFFE ID');
    },
  );
});

test.each(['openid', 'x y'])(
  'the token endpoint answers invalid_scope to the scope %j in both grants',
  async (scope) => {
    const refused = {
      status: 400,
      body: {
        error: 'invalid_scope',
        error_description:
          'No scope is known here. Remove `scope`: the connection determines what its credentials allow.',
      },
    };
    const token = await tokenOf('kubernetes');
    expect(await askToken(server.issuer, asAssertion(token, { scope }))).toEqual(refused);
    expect(await askToken(server.issuer, asSubject(token, { scope }))).toEqual(refused);
    expect(await askToken(server.issuer, asAssertion(token, { scope: '' }))).toEqual(answered);
  },
);

test('token exchange answers with the requested token type', async () => {
  const jwt = 'urn:ietf:params:oauth:token-type:jwt';
  const { body } = await askToken(
    server.issuer,
    asSubject(await tokenOf('kubernetes'), {
      requested_token_type: jwt,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    }),
  );
  expect(body.issued_token_type).toBe(jwt);
});

test('an unmodified OAuth library exchanges a token', async () => {
  const configuration = await openid.discovery(
    new URL(server.issuer),
    known.kubernetes.client,
    undefined,
    openid.None(),
    { execute: [openid.allowInsecureRequests] },
  );
  const answer = await openid.genericGrantRequest(configuration, exchangeGrant, {
    subject_token: await tokenOf('kubernetes'),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    resource: `urn:sojourn:connection:${connection.id}`,
  });
  expect(decodeJwt(answer.access_token)).toMatchObject({ sub: connection.subject });
});

test('the server fetched the keys of each of the seven issuers once', () => {
  const times = Map.groupBy(foreign.requests, (path) => path);
  expect([...times].filter(([path]) => path !== '/jwks').map(([path, all]) => [path, all.length])).toEqual(
    [...times.keys()].filter((path) => path !== '/jwks').map((path) => [path, 1]),
  );
  expect(times.get('/jwks')?.length).toBe(6);
});
