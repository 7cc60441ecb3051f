/** Requests to configured URLs. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import { lightFetch, type OutboundRequest, send } from '../../../src/platform/outbound/index.ts';
import { refusalOf } from './refusal.ts';

let server: Server;
let origin: string;
let answer: RequestListener;
const asked: { method: string | undefined; url: string | undefined; body: string; headers: object }[] = [];
const ports = new Set<IncomingMessage['socket']['remotePort']>();

beforeAll(async () => {
  server = createServer(async (request, response) => {
    ports.add(request.socket.remotePort);
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: await text(request) });
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const ask = (more: Partial<OutboundRequest> = {}) =>
  send({ method: 'GET', url: `${origin}/x?y=1`, signal: AbortSignal.timeout(5_000), ...more });

const host = () => new URL(origin).host;

test('a request has the user agent, the given headers and the body, and nothing else', async () => {
  answer = (_, response) => response.writeHead(201, { 'X-Seen': ['a', 'b'] }).end('done');
  asked.length = 0;
  const body = '{"a":"ä"}';
  const { status, headers, body: got } = await ask({ method: 'POST', body, headers: { 'x-one': '1' } });
  expect({ status, seen: headers['x-seen'], got }).toEqual({ status: 201, seen: 'a, b', got: 'done' });
  const own = { accept: '*/*', 'accept-encoding': 'identity', connection: 'keep-alive', host: host() };
  expect(asked).toEqual([
    {
      method: 'POST',
      url: '/x?y=1',
      body,
      headers: { ...own, 'user-agent': 'sojourn', 'x-one': '1', 'content-length': '10' },
    },
  ]);
});

test('a request does not follow redirects', async () => {
  answer = (_, response) => response.writeHead(307, { location: 'https://evil.example/' }).end();
  asked.length = 0;
  const { status, headers } = await ask();
  expect({ status, location: headers.location, asked: asked.length }).toEqual({
    status: 307,
    location: 'https://evil.example/',
    asked: 1,
  });
});

test('sequential requests share one connection', async () => {
  answer = (_, response) => void response.end('x');
  ports.clear();
  for (let round = 0; round < 5; round++) await ask();
  expect(ports.size).toBe(1);
});

test('a body that is too long or compressed is rejected', async () => {
  answer = (_, response) => void response.end('x'.repeat(101));
  expect(await refusalOf(ask({ maxBytes: 100 }))).toEqual({
    code: 'cloud_answer_unknown',
    message: `${host()} sends more than 100 bytes.`,
  });
  answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'));
  expect(await refusalOf(ask())).toEqual({
    code: 'cloud_answer_unknown',
    message: `${host()} sends a compressed response.`,
  });
});

const secretHeaders = {
  authorization: 'Bearer bearer-secret',
  'x-amz-security-token': 'session-secret',
  'X-Vault-Token': 'vault-secret',
  'x-identity-header': 'identity-secret',
  'x-api-key': 'api-secret',
  cookie: 'cookie-secret',
};

test.each([200, 403])(
  'a body with status %p repeats the secrets of the request only if it is a success',
  async (status) => {
    const isSuccess = status === 200;
    answer = ({ headers }, response) =>
      void response.writeHead(status).end(Object.values({ ...headers, host: '' }).join('|'));
    const { body } = await ask({ headers: { accept: 'text/plain', 'x-one': '1', ...secretHeaders } });
    expect(body.split('|').toSorted()).toEqual(
      [
        ...Object.values(secretHeaders).map((value) =>
          isSuccess ? value : value.replace(/[a-z]+-secret$/, '[removed]'),
        ),
        ...['', '1', 'identity', 'keep-alive', 'sojourn', 'text/plain'],
      ].toSorted(),
    );
  },
);

test('a secret of fewer than 8 characters stays, because it is part of ordinary words', async () => {
  answer = (_, response) => void response.writeHead(403).end('seven letters, and eighteen');
  const headers = { 'x-api-key': 'letters', 'x-other-key': 'eighteen' };
  expect((await ask({ headers })).body).toBe('seven letters, and [removed]');
});

test('the error of a response that is no HTTP does not contain its bytes', async () => {
  answer = (request) =>
    void request.socket.end(`HTTP/1.1 200 OK\r\n${request.headers.authorization}\r\n\r\n`);
  const error: unknown = await ask({ headers: { authorization: 'Bearer bearer-secret' } }).catch(
    (cause: unknown) => cause,
  );
  const lines: string[] = [];
  createLogger({ destination: { write: (line) => void lines.push(line) } }).error({ err: error }, 'failed');
  const { err } = JSON.parse(lines.join('')) as { err: Record<string, unknown> };
  expect(err.code).toBe('cloud_unavailable');
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret|rawPacket/);
  expect(lines.join('')).not.toMatch(/secret|rawPacket/);
});

test.each<[string, RequestListener]>([
  ['the head', () => undefined],
  ['the rest of the body', (_, response) => void response.write('a part')],
])('a request to %s times out', async (_, silent) => {
  answer = silent;
  expect(await refusalOf(ask({ signal: AbortSignal.timeout(100) }))).toEqual({
    code: 'cloud_timeout',
    message: `${host()} did not answer in time.`,
  });
});

test.each<[string, RequestListener]>([
  ['before it answers', (request) => void request.socket.destroy()],
  ['in the middle', (request, response) => response.write('a part', () => request.socket.destroy())],
  ['after words that are no HTTP', (request) => void request.socket.end('hello\r\n\r\n')],
])('a server that closes the connection %s gives another error than a slow one', async (_, rude) => {
  answer = rude;
  expect(await refusalOf(ask())).toEqual({
    code: 'cloud_unavailable',
    message: `${host()} could not be reached.`,
  });
});

test('a response that switches protocols is rejected', async () => {
  answer = ({ socket }) =>
    void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  expect(await refusalOf(ask())).toEqual({
    code: 'cloud_unavailable',
    message: `${host()} could not be reached.`,
  });
});

test('a request through a proxy that never answers times out', async () => {
  const peers = new Set<Socket>();
  const proxy = createTcpServer((peer) => void peers.add(peer)).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const network = https.globalAgent;
  https.globalAgent = new https.Agent({ proxyEnv: { HTTPS_PROXY } });
  try {
    const work = ask({ url: 'https://id.example.com/', signal: AbortSignal.timeout(1_000) });
    expect(await refusalOf(work)).toEqual({
      code: 'cloud_timeout',
      message: 'id.example.com did not answer in time.',
    });
    expect(peers.size).toBe(1);
  } finally {
    https.globalAgent = network;
    for (const peer of peers) peer.destroy();
    proxy.close();
  }
});

test('lightFetch returns what the SDK reads, and rejects when the signal fires', async () => {
  answer = (_, response) => response.writeHead(200, { 'Retry-After': '7' }).end('text');
  const ending = new AbortController();
  const asking = { method: 'GET', headers: { 'x-one': '1' }, signal: ending.signal } as const;
  const { status, headers, body } = await lightFetch(origin, asking);
  expect([status, headers.get('retry-after'), headers.get('x-none')]).toEqual([200, '7', null]);
  expect(await text(body)).toBe('text');
  answer = () => ending.abort();
  await expect(lightFetch(origin, asking)).rejects.toMatchObject({ name: 'AbortError' });
});
