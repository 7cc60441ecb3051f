/** Replicas whose clocks differ by a few seconds. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { call } from '../../../src/sandbox/demo/http.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

let server: TestServer;
const clock = { ms: Date.now() };
beforeAll(async () => {
  // The clock jumps further than the default stale_after allows.
  const keys = { stale_after: '360d', rotate_every: '360d' };
  server = await testServer({ now: () => clock.ms, config: { keys } });
}, 60_000);
afterAll(() => server.close());

test('the API accepts a token from 5 seconds before its iat until 5 seconds after its exp', async () => {
  const { client, connection } = await oneConnection(server);
  const { body } = await askToken(server.issuer, { ...withSecret(client), resource: 'urn:sojourn:api' });
  const { iat = 0, exp = 0 } = decodeJwt(String(body.access_token));
  const url = `${server.issuer}/v1/connections/${connection.id}/token`;
  const headers = { authorization: `Bearer ${String(body.access_token)}` };
  const statusAt = async (seconds: number) => {
    clock.ms = (iat + seconds) * 1000;
    return (await call({ url, headers })).status;
  };
  const lifetime = exp - iat;
  expect(lifetime).toBe(300);
  const times = [-6, -5, -0.3, 0, lifetime - 1, lifetime + 4, lifetime + 5];
  const statuses: [number, number][] = [];
  for (const seconds of times) statuses.push([seconds, await statusAt(seconds)]);
  expect(statuses).toEqual([
    [-6, 401],
    [-5, 200],
    [-0.3, 200],
    [0, 200],
    [lifetime - 1, 200],
    [lifetime + 4, 200],
    [lifetime + 5, 401],
  ]);
});
