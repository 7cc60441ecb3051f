/** Floods of pipelined requests: what a listener starts for them, and whom it serves first. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { type Listener, type ListenOptions, listen } from '../../../src/server/http/server.ts';

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

let listener: Listener | undefined;
const sockets: Socket[] = [];
let isOver = false;
afterEach(async () => {
  isOver = true;
  for (const { response } of started) response.end();
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener?.close();
  listener = undefined;
});

const started: Exchange[] = [];
/** A listener whose requests are in `started` until the test answers them, unless `answer` does. */
async function start(
  options: Partial<ListenOptions> = {},
  answer: (exchange: Exchange) => void = () => {},
): Promise<void> {
  started.length = 0;
  isOver = false;
  const defaults = { host: '127.0.0.1', port: 0, tls: null, name: 'public' };
  listener = await listen(
    (request, response) => {
      started.push({ request, response });
      if (isOver) response.end();
      else answer({ request, response });
    },
    { ...defaults, ...options },
  );
}

async function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const { protocol, port, hostname: host } = new URL(listener!.origin);
  const socket =
    protocol === 'https:'
      ? connectTls({ host, port: Number(port), rejectUnauthorized: false })
      : connect({ host, port: Number(port), localAddress });
  sockets.push(socket.on('error', () => {}));
  await new Promise((resolve) => socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', resolve));
  return socket;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx`;
const until = async (condition: () => boolean) => {
  while (!condition()) await turn();
};
const turns = async (count: number) => {
  for (let number = 0; number < count; number++) await turn();
};
const paths = () => started.map(({ request }) => request.url);
const countsOf = (urls: readonly string[]) =>
  urls.map((url) => paths().filter((path) => path === url).length);

describe.each(['http', 'https'])('a listener for %s', (protocol) => {
  const begin = async (answer?: (exchange: Exchange) => void) => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'a' }]);
    await start({ tls: protocol === 'https' ? { cert, key } : null }, answer);
  };

  test('starts 8 of 20,000 pipelined requests of a connection, and the next when one is answered', async () => {
    await begin();
    const socket = await open();
    socket.write(get('/x').repeat(20_000));
    await until(() => started.length >= 8);
    await turns(200);
    expect(started.length).toBe(8);
    for (const count of [9, 10]) {
      started[count - 9]?.response.end();
      await until(() => started.length >= count);
      await turns(50);
      expect(started.length).toBe(count);
    }
  });

  test('answers 500 pipelined requests of a connection completely and in order', async () => {
    await begin(({ request, response }) => response.end(`${request.url}.`));
    const socket = await open();
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    const expected = Array.from({ length: 500 }, (_, number) => `/${number}`);
    socket.write(expected.map(get).join(''));
    await until(() => received.includes('/499.'));
    expect([...received.matchAll(/\r\n\r\n(\/\d+)\./g)].map(([, path]) => path)).toEqual(expected);
    expect(paths()).toEqual(expected);
  });

  test('closes a connection that pipelines more than 16 requests with bodies', async () => {
    await begin();
    const socket = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(post('/x').repeat(5_000));
    await closed;
    expect(started.length).toBeLessThanOrEqual(17);
  });
});

test('a peer that pipelines and reads late gets every answer, and none is started while it does not read', async () => {
  const large = Buffer.alloc(4 * 1024 * 1024, 'x');
  await start({}, ({ response }) => response.end(large));
  const socket = await open();
  socket.pause().write(get('/x').repeat(20));
  await until(() => started.length >= 2);
  await turns(500);
  expect(started.length).toBeLessThan(20);
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  socket.resume();
  await until(() => received > 20 * large.length);
  expect(started.length).toBe(20);
});

test('a body that arrives in pieces behind unanswered requests reaches its handler', async () => {
  await start();
  const socket = await open();
  socket.write(`${get('/x').repeat(7)}POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nab\r\n`);
  await until(() => started.length === 8);
  const chunks: string[] = [];
  started[7]?.request.setEncoding('latin1').on('data', (chunk: string) => chunks.push(chunk));
  socket.write(`\r\ncd${get('/later')}`);
  await until(() => chunks.join('').length === 8);
  expect(chunks.join('')).toBe('ab\r\n\r\ncd');
});

test('a turn of the event loop starts at most 8 requests, whatever the number of connections', async () => {
  let inTurn = 0;
  const counts: number[] = [];
  await start({}, ({ response }) => {
    if (inTurn === 0)
      setImmediate(() => {
        counts.push(inTurn);
        inTurn = 0;
      });
    inTurn += 1;
    response.end();
  });
  for (let number = 0; number < 60; number++) await open();
  for (const socket of sockets) socket.write(get('/x'));
  await until(() => started.length === 60);
  expect(Math.max(...counts)).toBeLessThanOrEqual(16);
});

test('new connections are accepted before requests start, except requests for documents', async () => {
  let accepted = 0;
  const startedWhenAccepted: number[] = [];
  await start({
    isDocument: (path) => path === '/jwks',
    isProxy: () => {
      // Called once for each connection.
      accepted += 1;
      if (accepted === 150) startedWhenAccepted.push(...countsOf(['/x', '/jwks']));
      return false;
    },
  });
  const { port } = new URL(listener!.origin);
  for (let number = 0; number < 150; number++) {
    const socket = connect({ host: '127.0.0.1', port: Number(port) }).on('error', () => {});
    socket.write(get(number % 10 === 0 ? '/jwks' : '/x'));
    sockets.push(socket);
  }
  await until(() => started.length === 150);
  const [others, documents] = startedWhenAccepted;
  expect(others).toBeGreaterThan(0);
  expect(others).toBeLessThanOrEqual(60);
  expect(documents).toBeGreaterThanOrEqual(12);
});

test('another address is served in turn with the many connections of one address', async () => {
  await start({}, ({ response }) => response.end());
  for (let number = 0; number < 50; number++) await open();
  const other = await open('127.0.0.2');
  for (const socket of sockets) if (socket !== other) socket.write(get('/flood').repeat(200));
  await until(() => started.length >= 500);
  const before = started.length;
  other.write(get('/other'));
  await until(() => paths().includes('/other'));
  // The bytes need some turns of the test and the server, which share a thread, to arrive.
  expect(paths().indexOf('/other') - before).toBeLessThan(500);
});

test('a request for an issuer document is served before the requests that wait', async () => {
  await start({ isDocument: (path) => path === '/jwks' });
  for (let number = 0; number < 100; number++) await open();
  const last = await open();
  for (const socket of sockets) socket.write(get(socket === last ? '/jwks?x' : '/token'));
  await until(() => started.length === 101);
  expect(paths().indexOf('/jwks?x')).toBeLessThan(60);
});

test('a known address is served before the unknown ones that wait', async () => {
  await start({ isKnown: (network) => network === '127.0.0.9' });
  for (let number = 0; number < 100; number++) await open(`127.0.1.${number + 1}`);
  const known = await open('127.0.0.9');
  for (const socket of sockets) socket.write(get(socket === known ? '/known' : '/token'));
  await until(() => started.length === 101);
  expect(paths().indexOf('/known')).toBeLessThan(60);
});

test('a flood of requests for documents does not keep out the others', async () => {
  const [isDocument, isKnown] = [
    (path: string) => path === '/jwks',
    (network: string) => network === '127.0.0.9',
  ];
  await start({ isDocument, isKnown }, ({ response }) => response.end());
  for (let number = 0; number < 20; number++) await open();
  const others = [await open('127.0.0.9'), await open('127.0.0.8')];
  for (const socket of sockets) if (!others.includes(socket)) socket.write(get('/jwks').repeat(500));
  await until(() => started.length >= 500);
  const before = started.length;
  for (const socket of others) socket.write(get('/token'));
  await until(() => paths().filter((path) => path === '/token').length === 2);
  expect(paths().lastIndexOf('/token') - before).toBeLessThan(1_000);
});

test('all connections together hold at most 16 MB of requests that wait', async () => {
  await start({ caps: { total: 1_000, perGroup: 1_000 } });
  let closed = 0;
  for (let number = 0; number < 500; number++) {
    const socket = await open();
    socket.on('close', () => {
      closed += 1;
    });
    socket.write(get('/x').repeat(6_000));
  }
  await until(() => closed > 100);
  await turns(200);
  // Each of the others holds what one read of its socket returned, 64 KB.
  expect(closed).toBeLessThan(400);
  expect(started.length).toBeGreaterThan(800);
});

test('connections that fill the memory for requests that wait keep no other address out', async () => {
  await start({ caps: { total: 1_000, perGroup: 1_000 } });
  let closed = 0;
  for (let number = 0; number < 300; number++) {
    const socket = await open();
    socket.on('close', () => {
      closed += 1;
    });
    socket.write(get('/x').repeat(6_000));
  }
  await until(() => closed >= 44);
  const other = await open('127.0.0.2');
  other.write(get(`/other?${'x'.repeat(4_000)}`));
  await until(() => other.closed || paths().some((path) => path?.startsWith('/other')));
  expect(other.closed).toBe(false);
});

test('the middle of a request that looks like a request for a document has to wait', async () => {
  await start({ isDocument: (path) => path === '/jwks' });
  for (let number = 0; number < 100; number++) await open();
  const last = await open();
  last.write('POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX:');
  await turns(20);
  for (const socket of sockets) socket.write(socket === last ? ' /jwks \r\n\r\nx' : get('/token'));
  await until(() => started.length === 101);
  expect(paths().indexOf('/late')).toBeGreaterThan(60);
});

test('a request that would have to wait behind too many others gets 503 at once, a document never', async () => {
  await start({ maxWaiting: 10, isDocument: (path) => path === '/jwks' }, ({ response }) => response.end());
  const answers: string[] = [];
  for (let number = 0; number < 60; number++) {
    const socket = await open();
    answers.push('');
    socket.setEncoding('latin1').on('data', (text: string) => {
      answers[number] += text;
    });
  }
  await turns(2);
  for (const [number, socket] of sockets.entries()) socket.write(get(number % 2 === 0 ? '/jwks' : '/token'));
  await until(() => answers.every((answer) => answer !== ''));
  const refused = answers.filter((answer) => !answer.startsWith('HTTP/1.1 200'));
  expect(started.filter(({ request }) => request.url === '/jwks')).toHaveLength(30);
  expect(refused.length).toBeGreaterThan(0);
  expect(started.length).toBe(60 - refused.length);
  const body = JSON.stringify({
    type: 'urn:sojourn:error:server_busy',
    title: 'Service Unavailable',
    status: 503,
    code: 'server_busy',
    detail: 'The server is busy: too many requests are waiting.',
    advice: 'Try again after the time in Retry-After.',
    error: 'temporarily_unavailable',
    error_description:
      'The server is busy: too many requests are waiting. Try again after the time in Retry-After.',
  });
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'retry-after: 1',
    'cache-control: no-store',
    'content-type: application/problem+json',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  expect(new Set(refused)).toEqual(new Set([[...head, '', body].join('\r\n')]));
});
