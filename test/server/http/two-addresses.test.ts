/** A server with more than one address, and a peer that comes to two of them from one port, as a NAT may. */
import { once } from 'node:events';
import tls, { type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Listener, listen } from '../../../src/server/http/server.ts';
import { type Pair, selfSigned, startAuthority } from '../../support/authority.ts';

let pair: Pair;
let authority: string;
beforeAll(async () => {
  pair = await selfSigned({ purpose: 'serverAuth' });
  authority = (await startAuthority('Acme clients')).cert;
});

const open: TLSSocket[] = [];
let listener: Listener;
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await listener.close();
});

/** A connection from this port of 127.0.0.1; from any when it is 0. */
async function connect(host: string, localPort: number): Promise<TLSSocket> {
  const from = { localAddress: '127.0.0.1', localPort };
  const port = Number(new URL(listener.origin).port);
  const socket = tls.connect({ host, port, rejectUnauthorized: false, ...from });
  open.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

/** The first line of the answer; nothing when the connection ends instead. */
async function ask(socket: TLSSocket): Promise<string | undefined> {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const came = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [])]);
  return came.length > 0 ? String(came[0]).split('\r\n')[0] : undefined;
}

const good = 'HTTP/1.1 200 OK';

describe.each([
  ['that asks for no certificates', () => ({})],
  ['that asks for certificates', () => ({ client_ca: authority })],
])('a listener %s', (_, more) => {
  test('a server with two addresses answers both connections from one client port, also after one is closed', async () => {
    listener = await listen((_request, response) => response.end('ok'), {
      ...{ host: '0.0.0.0', port: 0, name: 'public' },
      tls: { ...pair, ...more() },
    });
    const first = await connect('127.0.0.1', 0);
    expect(await ask(first)).toBe(good);
    const second = await connect('127.0.0.2', first.localPort!);
    expect([second.localAddress, second.localPort]).toEqual([first.localAddress, first.localPort]);
    expect(await ask(second)).toBe(good);
    expect(await ask(first)).toBe(good);
    second.end();
    await once(second, 'close');
    expect(await ask(first)).toBe(good);
  });
});
