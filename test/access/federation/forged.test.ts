/** Forged tokens and tokens for others: all get the same answer. */
import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../../src/sandbox/demo/http.ts';
import { askToken } from '../../support/server.ts';
import { makeKey } from '../../support/test-issuer.ts';
import { type Stage, startStage } from './stage.ts';
import {
  asAssertion,
  asSubject,
  audience,
  exchangeGrant,
  invalidClient,
  now,
  signIn,
  type Workload,
  workloads,
} from './workloads.ts';

let stage: Stage;
let pod: Workload;
let client: string;

beforeAll(async () => {
  stage = await startStage();
  pod = workloads.kubernetes(stage.foreign);
  client = await stage.client(pod.trust);
}, 60_000);
afterAll(() => stage?.close());

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Refused as assertion and in token exchange, with nothing of it in the log. */
async function refusesAll(token: string): Promise<void> {
  for (const parameters of [
    asAssertion(token),
    asAssertion(token, { client_id: client }),
    asSubject(token),
    asSubject(token, { client_id: client }),
  ])
    expect(await askToken(stage.server.issuer, parameters)).toEqual(invalidClient);
  expect(stage.server.logged()).not.toContain(token);
  // The audit has only samples of the refusals of one minute.
  stage.nextMinute();
}

test('the original of all forged tokens is accepted', async () => {
  expect((await signIn(stage.server.issuer, await stage.tokenOf(pod))).status).toBe(200);
});

describe('a signature', () => {
  test('is refused if it is missing, cut off, all zeros, of another key, or an HMAC with the public key', async () => {
    const good = await stage.tokenOf(pod);
    const [header = '', claims = '', signature = ''] = good.split('.');
    const pem = createPublicKey({ key: stage.foreign.keys[0].publicJwk as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const hmac = `${encode({ alg: 'HS256', kid: 'rsa' })}.${claims}`;
    const stranger = await makeKey('RS256', 'rsa');
    const forged = [
      `${encode({ alg: 'none' })}.${claims}.`,
      `${encode({ alg: 'None' })}.${claims}.${signature}`,
      `${encode({ alg: 'HS256', kid: 'rsa' })}.${claims}.${signature}`,
      `${hmac}.${createHmac('sha256', pem).update(hmac).digest('base64url')}`,
      `${header}.${claims}.`,
      `${header}.${claims}`,
      `${header}.${claims}.${'A'.repeat(342)}`,
      `${header}.${claims}.${signature}=`,
      `${header}.${claims}.${signature}.${signature}`,
      `${good} `,
      `${header}.${encode({ ...pod.claims(), sub: pod.trust.subject })}.${signature}`,
      await stage.foreign.sign(pod.claims(), {}, stranger),
      await stage.foreign.sign(pod.claims(), { alg: 'PS256' }, await makeKey('PS256', 'rsa')),
    ];
    for (const token of forged) await refusesAll(token);
  });

  test('is refused with a key in the header, and no URL of the header is fetched', async () => {
    const stranger = await makeKey('ES256', 'stranger');
    const url = `${stage.foreign.origin}/evil`;
    stage.foreign.pages['/evil'] = { keys: [stranger.publicJwk] };
    for (const header of [
      { jwk: stranger.publicJwk },
      { jku: url },
      { x5u: url },
      { x5c: ['MIIB'] },
      { kid: url },
      { kid: '../../etc/passwd' },
      { kid: '__proto__' },
      { kid: 'constructor' },
      { kid: 7 },
      { kid: 'k'.repeat(600) },
    ])
      await refusesAll(await stage.foreign.sign(pod.claims(), header, stranger));
    expect(stage.foreign.requests).not.toContain('/evil');
  });
});

describe('a header', () => {
  const headers: [string, Record<string, unknown>][] = [
    ['that is critical and unknown', { crit: ['x'], x: 1 }],
    ['that is critical and known elsewhere', { crit: ['b64'], b64: true }],
    ['of an access token', { typ: 'at+jwt' }],
    ['of a logout token', { typ: 'logout+jwt' }],
  ];
  test.each(headers)('%s is refused', async (_title, header) => {
    await refusesAll(await stage.tokenOf(pod, {}, header));
  });
});

describe('a claim', () => {
  const year2100 = 4_102_444_800;
  const faulty: [string, () => Record<string, unknown>, RegExp][] = [
    ['exp that is past', () => ({ exp: now() - 120 }), /exp is in the past/],
    ['exp that is missing', () => ({ exp: undefined }), /exp is missing/],
    ['exp that is a text', () => ({ exp: String(now() + 60) }), /exp is missing/],
    ['exp in 2100', () => ({ exp: year2100 }), /exp is more than 86400 s after iat/],
    [
      'exp in 2100 with iat shortly before',
      () => ({ exp: year2100, iat: year2100 - 60 }),
      /iat is in the future/,
    ],
    ['exp in 2100 with no iat', () => ({ exp: year2100, iat: undefined }), /exp is more than/],
    ['iat in the future', () => ({ iat: now() + 3600, exp: now() + 3700 }), /iat is in the future/],
    ['nbf in the future', () => ({ nbf: now() + 3600 }), /nbf is in the future/],
    ['aud with two members', () => ({ aud: [audience, 'https://other.example'] }), /aud is/],
    ['aud with the same twice', () => ({ aud: [audience, audience] }), /aud is/],
    ['aud that is empty', () => ({ aud: [] }), /aud is/],
    ['aud that is missing', () => ({ aud: undefined }), /aud is missing/],
    ['aud with a slash', () => ({ aud: [`${audience}/`] }), /aud is/],
    ['aud in upper case', () => ({ aud: [audience.toUpperCase()] }), /aud is/],
    ['iss with a slash', () => ({ iss: `${stage.foreign.origin}/cluster/` }), /iss is/],
    ['iss in upper case', () => ({ iss: `${stage.foreign.origin}/CLUSTER` }), /iss is/],
    ['iss with a suffix', () => ({ iss: `${stage.foreign.origin}/cluster.evil.example` }), /iss is/],
    ['iss that is a list', () => ({ iss: [`${stage.foreign.origin}/cluster`] }), /iss is/],
    ['sub with more', () => ({ sub: `${String(pod.trust.subject)}x` }), /sub is/],
    ['sub with a line feed', () => ({ sub: `${String(pod.trust.subject)}\n` }), /sub is/],
    ['sub that is a list', () => ({ sub: [pod.trust.subject] }), /sub is/],
  ];

  test.each(faulty)('%s is refused, and the audit says which', async (_title, claims, reason) => {
    const token = await stage.tokenOf(pod, claims());
    await refusesAll(token);
    await askToken(stage.server.issuer, asSubject(token, { client_id: client }));
    expect(await stage.reason()).toMatch(reason);
  });

  test('is refused if it is duplicated, in any spelling', async () => {
    const once = JSON.stringify(pod.claims());
    for (const twice of ['"sub":"x",', '"\\u0073ub":"x",', '"kubernetes.io":{"a":1,"a":2},'])
      await refusesAll(await stage.foreign.sign(`{${twice}${once.slice(1)}`));
  });

  test('is not read from a payload that is not a JSON object', async () => {
    for (const text of ['[]', 'null', '"text"', '{', '', '{"a":1}{"b":2}'])
      await refusesAll(await stage.foreign.sign(text));
    await refusesAll(await stage.tokenOf(pod, { padding: 'x'.repeat(9_500) }));
  });
});

describe('a list as audience', () => {
  test('is refused if the platform never sends one', async () => {
    const job = workloads.github(stage.foreign);
    await stage.client(job.trust);
    const token = await stage.tokenOf(job, { aud: [audience] });
    expect(await signIn(stage.server.issuer, token)).toEqual(invalidClient);
    expect(await stage.reason()).toContain(`aud is ["${audience}"], not "${audience}"`);
  });
});

describe('the internal marker of an authenticated workload', () => {
  test('cannot be sent from outside', async () => {
    const basic = `Basic ${Buffer.from(`${client}:proven`).toString('base64')}`;
    const { issuer } = stage.server;
    const proven = { grant_type: 'client_credentials', client_id: client, client_secret: 'proven' };
    expect(await askToken(issuer, proven)).toEqual(invalidClient);
    expect(
      await askToken(issuer, { grant_type: 'client_credentials' }, { headers: { authorization: basic } }),
    ).toEqual(invalidClient);
    expect(await askToken(issuer, { ...proven, client_secret: '' })).toEqual({
      status: 401,
      body: invalidClient.body,
    });
  });

  test('does not apply to another client in the same request', async () => {
    const { client_id, client_secret } = await stage.server.admin.post<{
      client_id: string;
      client_secret: string;
    }>('/clients', { name: 'other', may_use: [{ connection: stage.connection.id }] });
    const token = await stage.tokenOf(pod);
    const { issuer } = stage.server;
    expect(await signIn(issuer, token, { client_id })).toEqual(invalidClient);
    expect(await signIn(issuer, token, { client_secret })).toEqual(invalidClient);
    expect(await askToken(issuer, { ...asAssertion(token), ...asSubject(token) })).toEqual(invalidClient);
    const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
    expect(await askToken(issuer, asAssertion(token), { headers: { authorization: basic } })).toEqual(
      invalidClient,
    );
    expect(await stage.reason()).toBe('invalid_client: the request authenticates in more than one way');
  });
});

test('a token of Sojourn itself is refused as an external token', async () => {
  const { issuer } = stage.server;
  const own = await signIn(issuer, await stage.tokenOf(pod));
  await refusesAll(String(own.body.access_token));
  await stage.foreign.sign({ ...pod.claims(), iss: issuer }).then(refusesAll);
  expect(await stage.reason()).toBe('invalid_client: the token was issued by this server');
});

test('a disabled client is refused at once with an audit line', async () => {
  const workload = workloads.aws(stage.foreign);
  const id = await stage.client(workload.trust);
  await stage.server.admin.patch(`/clients/${id}`, { disabled: true });
  expect(await signIn(stage.server.issuer, await stage.tokenOf(workload))).toEqual(invalidClient);
  expect(await stage.reason()).toBe(
    `invalid_client: no client matches; ${id} is the closest match: it is disabled`,
  );
});

test('keys are not fetched for an issuer that no client trusts or a workload without a client', async () => {
  const { foreign, server } = stage;
  const before = foreign.connections();
  const iss = foreign.issuerAt('/unknown');
  for (const claims of [
    { ...pod.claims(), iss },
    { ...pod.claims(), sub: 'system:serviceaccount:billing:stranger' },
    { ...pod.claims(), aud: ['https://other.example'] },
    { ...workloads.spiffe(foreign).claims() },
  ]) {
    expect(await signIn(server.issuer, await foreign.sign(claims))).toEqual(invalidClient);
    expect(await askToken(server.issuer, asSubject(await foreign.sign(claims)))).toEqual(invalidClient);
  }
  expect(foreign.connections()).toBe(before);
});

test('an invalid token exchange gets an error that names the missing parameter', async () => {
  const token = await stage.tokenOf(pod);
  const told = async (parameters: Record<string, string>) => {
    const { status, body } = await askToken(stage.server.issuer, {
      grant_type: exchangeGrant,
      ...parameters,
    });
    return [status, body.error, body.error_description];
  };
  const types = 'urn:ietf:params:oauth:token-type:';
  const advice = 'Correct the fields that the detail names, then send the request again.';
  expect(await told({})).toEqual([
    400,
    'invalid_request',
    `The parameter subject_token is missing. ${advice}`,
  ]);
  expect(await told({ subject_token: token })).toEqual([
    400,
    'invalid_request',
    `The parameter subject_token_type must be ${types}jwt or ${types}id_token. ${advice}`,
  ]);
  expect(
    await told({
      subject_token: token,
      subject_token_type: `${types}jwt`,
      requested_token_type: `${types}refresh_token`,
    }),
  ).toEqual([
    400,
    'invalid_request',
    `The parameter requested_token_type must be ${types}access_token or ${types}jwt. ${advice}`,
  ]);
  expect(await told({ ...asSubject(token), actor_token: token })).toEqual([
    400,
    'invalid_request',
    `The parameter actor_token belongs to a flow that Sojourn does not support. ${advice}`,
  ]);
});

test('the discovery document lists both grant types', async () => {
  const { body } = await call({ url: `${stage.server.issuer}/.well-known/openid-configuration` });
  expect(JSON.parse(body)).toMatchObject({
    grant_types_supported: ['client_credentials', exchangeGrant],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  });
});
