/** How often a token is accepted across replicas, by platform. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ForeignIssuer, startForeignIssuer } from '../../support/foreign-issuer.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import {
  askToken,
  oneConnection,
  type TestConnection,
  type TestServer,
  testServer,
} from '../../support/server.ts';
import { allowLoopback } from './stage.ts';
import {
  asAssertion,
  asSubject,
  audience,
  invalidClient,
  type Workload,
  type WorkloadName,
  workloadNames,
  workloads,
} from './workloads.ts';

let foreign: ForeignIssuer;
let redis: RedisServer;
let replicas: readonly TestServer[];
let connections: readonly TestConnection[];
const known = {} as Record<WorkloadName, Workload>;

beforeAll(async () => {
  foreign = await startForeignIssuer();
  redis = await startRedis();
  const keyFile = join(foreign.folder, 'key');
  await writeFile(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const start = (issuer: object = {}) =>
    testServer({
      config: {
        ...issuer,
        store: redis.url,
        keys: { encryption_key: `file:${keyFile}` },
        federation: { ca: foreign.caFile, allow_networks: allowLoopback },
      },
    });
  const first = await start();
  const one = await oneConnection(first);
  const two = await oneConnection(first);
  connections = [one.connection, two.connection];
  for (const name of workloadNames) {
    known[name] = workloads[name](foreign);
    await first.admin.post('/clients', {
      name,
      auth: { method: 'federated', audience, ...known[name].trust },
      may_use: connections.map(({ id }) => ({ connection: id })),
    });
  }
  replicas = [first, await start({ issuer: first.issuer })];
}, 120_000);

afterAll(async () => {
  for (const replica of replicas ?? []) await replica.close();
  await redis?.stop();
  await foreign?.close();
}, 60_000);

const tokenOf = (name: WorkloadName, claims: Record<string, unknown> = {}) =>
  foreign.sign({ ...known[name].claims(), ...claims }, known[name].header);

const resourceOf = ({ id }: TestConnection) => ({ resource: `urn:sojourn:connection:${id}` });

/** Half of them at each replica, as assertion and in token exchange. */
const atOnce = (token: string, times: number, more = resourceOf(connections[0]!)) =>
  Promise.all(
    Array.from({ length: times }, (_, n) =>
      askToken(replicas[n % 2]!.issuer, (n % 4 < 2 ? asAssertion : asSubject)(token, more)),
    ),
  );

const accepted = (answers: readonly { status: number }[]) =>
  answers.filter(({ status }) => status === 200).length;

describe('a token that is sent 10 times concurrently to two replicas', () => {
  test.each(['github', 'gitlab', 'aws'] as const)('a token of the kind %s is taken once', async (name) => {
    const answers = await atOnce(await tokenOf(name), 10);
    expect(accepted(answers)).toBe(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(answer).toEqual(invalidClient);
  });

  test.each(['kubernetes', 'gcp', 'azure', 'spiffe'] as const)(
    'a token of the kind %s, which its platform hands out again and again, is taken each time',
    async (name) => {
      expect(accepted(await atOnce(await tokenOf(name), 10))).toBe(10);
    },
  );
});

test('a GitLab job uses its one token for each of its connections, once', async () => {
  const token = await tokenOf('gitlab');
  for (const connection of connections)
    expect(accepted(await atOnce(token, 4, resourceOf(connection)))).toBe(1);
});

test('an unnamed only connection counts as the same resource as the named one', async () => {
  const { client_id } = await replicas[0]!.admin.post<{ client_id: string }>('/clients', {
    name: 'only',
    auth: { method: 'federated', audience, ...known.gitlab.trust },
    may_use: [{ connection: connections[0]!.id }],
  });
  const token = await tokenOf('gitlab');
  const unnamed = await askToken(replicas[0]!.issuer, asAssertion(token, { client_id }));
  expect(unnamed.status).toBe(200);
  expect(
    await askToken(replicas[1]!.issuer, asAssertion(token, { client_id, ...resourceOf(connections[0]!) })),
  ).toEqual(invalidClient);
  await replicas[0]!.admin.patch(`/clients/${client_id}`, { disabled: true });
});

test('a GitHub job needs another token for its second connection', async () => {
  const token = await tokenOf('github');
  expect(accepted(await atOnce(token, 1))).toBe(1);
  expect(accepted(await atOnce(token, 1, resourceOf(connections[1]!)))).toBe(0);
  expect(accepted(await atOnce(await tokenOf('github'), 1, resourceOf(connections[1]!)))).toBe(1);
});

test.each([undefined, '', 7, 'j'.repeat(600)])('a GitHub token with the jti %p is refused', async (jti) => {
  expect(await askToken(replicas[0]!.issuer, asAssertion(await tokenOf('github', { jti })))).toEqual(
    invalidClient,
  );
});

test('issuer and jti are not confused if the boundary between them shifts', async () => {
  expect(accepted(await atOnce(await tokenOf('github', { jti: 'a' }), 1))).toBe(1);
  expect(accepted(await atOnce(await tokenOf('aws', { jti: 'a' }), 1))).toBe(1);
  expect(accepted(await atOnce(await tokenOf('github', { jti: 'a' }), 1))).toBe(0);
});

test('a forged token does not consume the jti of a valid one', async () => {
  const good = await tokenOf('github', { jti: 'wanted' });
  const [header = '', claims = ''] = good.split('.');
  expect(accepted(await atOnce(`${header}.${claims}.${'A'.repeat(342)}`, 2))).toBe(0);
  expect(accepted(await atOnce(good, 1))).toBe(1);
});

test('while the store is down every token is refused with Retry-After', async () => {
  const token = await tokenOf('kubernetes');
  await redis.stop();
  const { status, body } = await askToken(replicas[0]!.issuer, asAssertion(token));
  expect({ status, error: body.error }).toEqual({ status: 503, error: 'temporarily_unavailable' });
  // The replicas take their leave of it.
  redis = await startRedis({ port: redis.port });
}, 60_000);
