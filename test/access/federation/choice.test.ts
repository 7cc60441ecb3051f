/** Finding the client of a token, and the audit line if there is none. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { indexKeysFor } from '../../../src/access/federation/index.ts';
import { createModules, type Modules } from '../../support/modules.ts';
import { type Stage, startStage } from './stage.ts';
import { audience, invalidClient, signIn, type Workload, workloads } from './workloads.ts';

let stage: Stage;
let job: Workload;
let main: string;
let production: string;

beforeAll(async () => {
  stage = await startStage();
  job = workloads.github(stage.foreign);
  const ids = { repository_id: '74', repository_owner_id: '65' };
  main = await stage.client({ ...job.trust, claims: { ...ids, ref: 'refs/heads/main' } });
  production = await stage.client({ ...job.trust, claims: { ...ids, environment: 'production' } });
}, 60_000);
afterAll(() => stage?.close());

const ask = async (claims: Record<string, unknown>, more = {}) =>
  signIn(stage.server.issuer, await stage.tokenOf(job, claims), { resource: 'urn:sojourn:api', ...more });
const whose = ({ body }: { body: Readonly<Record<string, unknown>> }) =>
  decodeJwt(String(body.access_token)).sub;

describe('a sign-in without client_id', () => {
  test('uses the only client whose claims match', async () => {
    expect(whose(await ask({}))).toBe(main);
    expect(whose(await ask({ ref: 'refs/heads/x', environment: 'production' }))).toBe(production);
  });

  test('is refused if two clients match; client_id distinguishes them', async () => {
    const both = { environment: 'production' };
    expect(await ask(both)).toEqual(invalidClient);
    expect(await stage.reason()).toMatch(
      /^invalid_client: more than one client matches, cli_\w+ and cli_\w+: send client_id$/,
    );
    expect(whose(await ask(both, { client_id: main }))).toBe(main);
    expect(whose(await ask(both, { client_id: production }))).toBe(production);
  });

  test('finds one client for a JWT-SVID that has its trust domain as issuer', async () => {
    const billing = workloads.spiffe(stage.foreign);
    const client = await stage.client(billing.trust);
    for (const iss of [undefined, 'spiffe://prod.example.com', 'https://spire.example']) {
      const token = await stage.tokenOf(billing, { iss });
      expect(whose(await signIn(stage.server.issuer, token, { resource: 'urn:sojourn:api' }))).toBe(client);
    }
  });

  test('records the closest client and the claim that differs', async () => {
    expect(await ask({ ref: 'refs/heads/dev', repository_owner_id: '65' })).toEqual(invalidClient);
    expect(await stage.reason()).toBe(
      `invalid_client: no client matches; ${main} is the closest match: ref is "refs/heads/dev", not "refs/heads/main"`,
    );
  });

  test('records the closest client of the issuer if the workload is different', async () => {
    expect(await ask({ repository_id: '75', sub: 'repo:x/y' })).toEqual(invalidClient);
    expect(await stage.reason()).toBe(
      `invalid_client: no client matches; ${main} is the closest match: repository_id is "75", not "74"`,
    );
  });

  test('records the issuer and the workload if no client trusts the issuer', async () => {
    const iss = `${stage.foreign.origin}/gitea`;
    expect(await ask({ iss, repository_id: '75', sub: 'repo:x/y' })).toEqual(invalidClient);
    expect(await stage.reason()).toBe(
      `invalid_client: no client is for iss "${iss}", sub "repo:x/y", repository_id "75"`,
    );
  });
});

describe('a sign-in with client_id', () => {
  test('uses no other client', async () => {
    expect(await ask({}, { client_id: production })).toEqual(invalidClient);
    expect(await stage.reason()).toBe(
      `invalid_client: no client matches; ${production} is the closest match: environment is missing, "production" is required`,
    );
  });

  test('gets the same answer for a missing client and for one with a secret', async () => {
    const { client_id } = await stage.server.admin.post<{ client_id: string }>('/clients', { name: 'plain' });
    for (const id of ['cli_00000000000000000000000000', client_id, 'x', '__proto__'])
      expect(await ask({}, { client_id: id })).toEqual(invalidClient);
  });
});

describe('a pattern', () => {
  test('matches one segment per star of a glob, and the listed values of one_of', async () => {
    const plain = (claims: object) => ({
      sub: 'ci:acme:app:branch/x',
      aud: audience,
      iss: stage.foreign.issuerAt('/plain'),
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 60,
      branch: 'release/1.2',
      stage: 'test',
      ...claims,
    });
    const id = await stage.client({
      issuer: stage.foreign.issuerAt('/plain'),
      subject: { glob: 'ci:acme:app:branch/*' },
      claims: { branch: { glob: 'release/*' }, stage: { one_of: ['test', 'prod'] } },
    });
    const statusOf = async (claims: object) =>
      (await signIn(stage.server.issuer, await stage.foreign.sign(plain(claims)))).status;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({ stage: 'prod', branch: 'release/2024-01_x' })).toBe(200);
    for (const claims of [
      { branch: 'release/' },
      { branch: 'release/a/b' },
      { branch: 'xrelease/1' },
      { branch: 'release/1\nx:' },
      { stage: 'test,prod' },
      { stage: undefined },
      { sub: 'ci:acme:app:branch/x:pull' },
      { sub: 'ci:acme:app2:branch/x' },
      { sub: `ci:acme:app:branch/${'x'.repeat(3_000)}` },
    ])
      expect(await statusOf(claims)).toBe(401);
    const { items } = await stage.server.admin.get<{ items: { reason: string }[] }>(
      '/audit?event=token.refused&limit=1',
    );
    expect(items[0]?.reason).toContain(id);
  });

  test('can name a nested claim by a JSON Pointer', async () => {
    const pod = workloads.kubernetes(stage.foreign);
    const uid = '/kubernetes.io/serviceaccount/uid';
    await stage.client({ ...pod.trust, claims: { [uid]: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' } });
    const other = await stage.client({ ...pod.trust, claims: { [uid]: 'another' } });
    const token = await stage.tokenOf(pod);
    expect((await signIn(stage.server.issuer, token)).status).toBe(200);
    expect(await signIn(stage.server.issuer, token, { client_id: other })).toEqual(invalidClient);
    expect(await stage.reason()).toContain(`${uid} is "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798", not "another"`);
  });
});

describe('a lookup among many clients of one issuer', () => {
  let rooms: Modules;
  beforeAll(async () => {
    rooms = await createModules();
  });
  afterAll(() => rooms.end());

  const make = (auth: object) =>
    rooms.clients.create({
      name: 'w',
      auth: { method: 'federated', issuer: 'https://issuer.example', audience, ...auth },
    });

  test('does not read clients of other workloads', async () => {
    for (let n = 0; n < 500; n++) {
      await make({ subject: `workload-${n}` });
      await make({ subject: { glob: `ci:acme:app-${n}:*` } });
    }
    const wanted = await make({ subject: 'workload-x' });
    const found = await rooms.clients.byIndexKeys(
      indexKeysFor({ iss: 'https://issuer.example', sub: 'workload-x', repository_id: '1' }),
    );
    expect(found).toEqual([wanted.client]);
    const byGlob = await rooms.clients.byIndexKeys(
      indexKeysFor({ iss: 'https://issuer.example', sub: 'ci:acme:app-7:branch/x:y' }),
    );
    expect(byGlob.map(({ auth }) => auth)).toMatchObject([{ subject: { glob: 'ci:acme:app-7:*' } }]);
  });

  test('is bounded: the number of clients that differ only by patterns is limited', async () => {
    const lesser = (n: number) => ({ subject: { glob: 'ci:acme:app:*' }, claims: { branch: `b${n}` } });
    for (let n = 0; n < 100; n++) await make(lesser(n));
    await expect(make(lesser(100))).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [
        {
          path: 'auth',
          message: 'is used by 100 clients with the same issuer and workload, which is the limit',
        },
      ],
    });
  }, 30_000);
});
