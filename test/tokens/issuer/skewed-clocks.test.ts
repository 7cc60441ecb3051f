/** Replicas whose clocks differ a little, as all clocks do. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { call } from '../../../src/sandbox/demo/http.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

let server: TestServer;
const clock = { ms: Date.now() };
beforeAll(async () => {
  // The jump to its end is as long as a replica may otherwise be without its store.
  const keys = { stale_after: '360d', rotate_every: '360d' };
  server = await testServer({ now: () => clock.ms, config: { keys } });
}, 60_000);
afterAll(() => server.close());

test('a token for the API is good where the clock is behind by seconds, and no longer than those after its end', async () => {
  const { client, connection } = await oneConnection(server);
  const { body } = await askToken(server.issuer, { ...withSecret(client), resource: 'urn:sojourn:api' });
  const { iat = 0, exp = 0 } = decodeJwt(String(body.access_token));
  const url = `${server.issuer}/v1/connections/${connection.id}/token`;
  const headers = { authorization: `Bearer ${String(body.access_token)}` };
  const statusAt = async (seconds: number) => {
    clock.ms = (iat + seconds) * 1000;
    return (await call({ url, headers })).status;
  };
  const life = exp - iat;
  expect(life).toBe(300);
  const tried = [-6, -5, -0.3, 0, life - 1, life + 4, life + 5];
  const found: [number, number][] = [];
  for (const seconds of tried) found.push([seconds, await statusAt(seconds)]);
  expect(found).toEqual([
    [-6, 401],
    [-5, 200],
    [-0.3, 200],
    [0, 200],
    [life - 1, 200],
    [life + 4, 200],
    [life + 5, 401],
  ]);
});
