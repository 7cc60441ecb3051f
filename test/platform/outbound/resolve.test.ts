/** Names that a hostile name server never answers. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createResolve, type Resolve } from '../../../src/platform/outbound/resolve.ts';

let server: Socket;
let resolve: Resolve;

const nameOf = (query: Buffer): string => {
  const labels: string[] = [];
  for (let offset = 12; query[offset] !== 0; offset += query[offset]! + 1)
    labels.push(query.toString('latin1', offset + 1, offset + 1 + query[offset]!));
  return labels.join('.').toLowerCase();
};

/** RFC 1035 section 4: the question, and for a query of type A the address 192.0.2.1. */
function answerTo(query: Buffer, isKnown: boolean): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const hasAddress = isKnown && query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(hasAddress ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const record = Buffer.from('c00c0001000100000e100004c0000201', 'hex');
  return Buffer.concat([header, query.subarray(12, end), ...(hasAddress ? [record] : [])]);
}

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (query, { port, address }) => {
    const name = nameOf(query);
    if (!name.startsWith('slow')) server.send(answerTo(query, name.startsWith('fast')), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  resolve = createResolve([`127.0.0.1:${(server.address() as AddressInfo).port}`]);
});
afterAll(() => void server.close());

test('names without an answer keep no other name waiting', async () => {
  const slow = Array.from({ length: 20 }, (_, index) =>
    resolve(`slow${index}.example.com`).then(
      () => 'resolved',
      (error: { code?: string }) => error.code,
    ),
  );
  let isAnySlowDone = false;
  for (const one of slow) void one.then(() => (isAnySlowDone = true));
  expect(await resolve('fast.example.com')).toEqual(['192.0.2.1']);
  expect(await lookup('localhost', 4)).toEqual({ address: '127.0.0.1', family: 4 });
  expect(isAnySlowDone).toBe(false);
  expect(new Set(await Promise.all(slow))).toEqual(new Set(['ETIMEOUT']));
});

test('a name that no server knows is read from the hosts file', async () => {
  expect(await resolve('localhost')).toContain('127.0.0.1');
});
