/** A server whose file descriptors would run out: callers that only hold connections keep nobody out. */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { newFolder, server, steadyPort } from './stage.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

test('a server with 256 file descriptors serves documents, tokens and administrators under 600 idle connections', async () => {
  const sojourn = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    first: 'ulimit -n 256',
  });
  const { client, connection } = await oneConnection(sojourn);
  const { hostname: host, port } = new URL(sojourn.origin);
  for (let number = 0; number < 600; number++) {
    const localAddress = `127.0.${Math.floor(number / 100)}.${1 + (number % 100)}`;
    const socket = connect({ host, port: Number(port), localAddress }).on('error', () => {});
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
  }
  for (let number = 0; number < 20; number++) {
    const headers = { connection: 'close' };
    for (const path of ['/jwks', '/.well-known/openid-configuration'])
      expect((await fetch(sojourn.origin + path, { headers })).status).toBe(200);
  }
  expect(await askToken(sojourn.issuer, withSecret(client, connection))).toEqual({
    status: 200,
    body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
  });
  expect((await fetch(`${sojourn.adminOrigin}/readyz`)).status).toBe(200);
}, 120_000);
