/** Floods of connections that are only held: whom they keep out, and what they cost. */
import { type Agent, get, Agent as HttpAgent } from 'node:http';
import { connect, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import {
  affordableConnections,
  type ConnectionCaps,
  createConnections,
} from '../../../src/server/http/connections.ts';
import { type Listener, listen } from '../../../src/server/http/server.ts';

let listener: Listener | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener?.close();
  listener = undefined;
});

const large = Buffer.alloc(8 * 1024 * 1024);
type Answer = () => void;
async function start(caps: ConnectionCaps, tls: { cert: string; key: string } | null = null) {
  const waiting: Answer[] = [];
  listener = await listen(
    ({ url }, response) => {
      if (url === '/large') response.end(large);
      else if (url === '/wait') waiting.push(() => response.end('late'));
      else response.end('ok');
    },
    { host: '127.0.0.1', port: 0, tls, name: 'public', caps },
  );
  return waiting;
}

async function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const { protocol, port, hostname: host } = new URL(listener!.origin);
  const socket =
    protocol === 'https:'
      ? connectTls({ host, port: Number(port), rejectUnauthorized: false })
      : connect({ host, port: Number(port), localAddress });
  sockets.push(socket.on('error', () => {}));
  await new Promise((resolve) => socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', resolve));
  socket.resume();
  return socket;
}

const isOpen = (socket: Socket) => !socket.destroyed && !socket.readableEnded;
const openOnes = () => sockets.map(isOpen);
const settled = async (condition: () => boolean) => {
  while (!condition()) await wait(5);
};
const ask = (localAddress = '127.0.0.1', agent: Agent | false = false, path = '/') =>
  new Promise<string>((resolve) => {
    get(listener!.origin + path, { agent, localAddress }, (response) => {
      response.setEncoding('utf8').once('data', resolve);
    }).on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  });

describe('a listener at its cap of connections', () => {
  test('closes the longest idle one of an address for a new one of this address', async () => {
    await start({ total: 10, perGroup: 3 });
    for (let number = 0; number < 3; number++) await open('127.0.0.2');
    await open('127.0.0.3');
    expect(await ask('127.0.0.2')).toBe('ok');
    await settled(() => !isOpen(sockets[0]!));
    expect(openOnes()).toEqual([false, true, true, true]);
  });

  test('closes the longest idle one of all for one of a new address', async () => {
    await start({ total: 4, perGroup: 3 });
    for (const host of [2, 3, 4, 5]) await open(`127.0.0.${host}`);
    for (const host of [6, 7]) await open(`127.0.0.${host}`);
    await settled(() => !isOpen(sockets[1]!));
    expect(openOnes()).toEqual([false, false, true, true, true, true]);
    expect(await ask('127.0.0.8')).toBe('ok');
  });

  test('counts a connection whose request is answered as idle again, and one with a request never', async () => {
    const waiting = await start({ total: 2, perGroup: 2 });
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    const late = ask('127.0.0.2', false, '/wait');
    await settled(() => waiting.length === 1);
    expect(await ask('127.0.0.3', agent)).toBe('ok');
    expect(await ask('127.0.0.4')).toBe('ok');
    waiting[0]?.();
    expect(await late).toBe('late');
    agent.destroy();
  });

  test('refuses a new one while every one has a request, without harm to these', async () => {
    const waiting = await start({ total: 2, perGroup: 2 });
    const late = [ask('127.0.0.2', false, '/wait'), ask('127.0.0.3', false, '/wait')];
    await settled(() => waiting.length === 2);
    expect(await ask('127.0.0.4')).toBe('ECONNRESET');
    for (const answer of waiting) answer();
    expect(await Promise.all(late)).toEqual(['late', 'late']);
    expect(await ask('127.0.0.4')).toBe('ok');
  });

  test('closes one whose peer does not read its answers, if none is idle', async () => {
    const waiting = await start({ total: 4, perGroup: 3 });
    const late = ask('127.0.0.2', false, '/wait');
    await settled(() => waiting.length === 1);
    for (const host of [2, 2, 3]) {
      const socket = await open(`127.0.0.${host}`);
      socket.pause().write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4));
      await settled(() => socket.readableLength > 0);
    }
    // For its own address, and for another one.
    expect(await ask('127.0.0.2')).toBe('ok');
    expect(await ask('127.0.0.4')).toBe('ok');
    waiting[0]?.();
    expect(await late).toBe('late');
  });

  test('counts TLS connections before their handshake, and lets new ones in', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'a' }]);
    await start({ total: 3, perGroup: 3 }, { cert, key });
    const { port } = new URL(listener!.origin);
    for (let number = 0; number < 5; number++) {
      const silent = connect(Number(port), '127.0.0.1').on('error', () => {});
      sockets.push(silent.resume());
      await new Promise((resolve) => silent.once('connect', resolve));
    }
    const socket = await open();
    let received = '';
    socket.on('data', (data) => {
      received += String(data);
    });
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await settled(() => received.endsWith('ok'));
    expect(openOnes().filter(Boolean)).toHaveLength(3);
  });
});

test('connections whose peers are gone before they are counted leave nothing behind', async () => {
  const connections = createConnections({ total: 2, perGroup: 2 });
  // Like a socket whose peer has reset it, these have no address, and so all the same one.
  const add = () => {
    const socket = new Socket();
    connections.add(socket, '');
    return socket;
  };
  for (let time = 0; time < 5; time++) {
    const pair = [add(), add()];
    await Promise.all(
      pair.map((socket) => new Promise((resolve) => socket.destroy().once('close', resolve))),
    );
  }
  const open = [add(), add(), add()];
  expect(open.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
});

test('a process with few file descriptors keeps some for its other work', () => {
  expect([128, 256, 1_024, 20_000].map(affordableConnections)).toEqual([64, 128, 768, 19_744]);
});
