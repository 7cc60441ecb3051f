/** Names that a hostile name server never answers, names of the hosts file, and servers of a service. */
import { lookup } from 'node:dns/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serversOf } from '../../../src/platform/outbound/index.ts';
import {
  createResolve,
  createResolveServers,
  type Resolve,
  type ResolveServers,
} from '../../../src/platform/outbound/resolve.ts';
import { address, type NameServer, service, startNameServer } from '../../support/name-server.ts';

let server: NameServer;
let resolve: Resolve;
let resolveServers: ResolveServers;
beforeAll(async () => {
  server = await startNameServer((name, type) => {
    if (name.startsWith('slow') || name.startsWith('_slow')) return 'silent';
    if (name.startsWith('fast')) return type === 'A' ? [address('192.0.2.1')] : [];
    if (name === '_mongodb._tcp.c0.example' && type === 'SRV')
      return [service('S0.Example', 27017), service('s1.example', 27018)];
    return undefined;
  });
  resolve = createResolve([server.address]);
  resolveServers = createResolveServers([server.address]);
});
afterAll(() => server.close());

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 4_000; !holds(); await turn())
    if (Date.now() > end) throw new Error('waited too long');
}

const codeOf = (error: { code?: string }) => error.code;

test('names without an answer keep no other name waiting', async () => {
  const slow = Array.from({ length: 20 }, (_, index) =>
    resolve(`slow${index}.example.com`).then(() => 'resolved', codeOf),
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

test('of names that only getaddrinfo can resolve, one is resolved and 19 wait; the 21st is refused', async () => {
  const started: string[] = [];
  let release: (() => void) | undefined;
  const slowLookUp = async (host: string) => {
    started.push(host);
    await new Promise<void>((done) => {
      release = done;
    });
    return [{ address: '192.0.2.7', family: 4 }];
  };
  const limited = createResolve([server.address], slowLookUp as unknown as typeof lookup);
  const outcomes = new Map<number, unknown>();
  const all = Array.from({ length: 21 }, (_, index) =>
    limited(`unknown${index}.example`).then(
      (addresses) => outcomes.set(index, addresses),
      ({ message }: Error) => outcomes.set(index, message),
    ),
  );
  await until(() => outcomes.size > 0);
  expect([[...outcomes.values()], started.length]).toEqual([['too many names are being resolved'], 1]);
  for (let done = 1; done < 21; done++) {
    release?.();
    await until(() => outcomes.size > done);
    expect(started.length).toBeLessThanOrEqual(done + 1);
  }
  await Promise.all(all);
  expect([...outcomes.values()].slice(1)).toEqual(Array.from({ length: 20 }, () => ['192.0.2.7']));
  const later = limited('unknown21.example');
  await until(() => started.length > 20);
  release?.();
  expect(await later).toEqual(['192.0.2.7']);
});

test('the servers of a service are read from DNS, in lower case', async () => {
  expect(await serversOf('_mongodb._tcp.c0.example', AbortSignal.timeout(5_000), resolveServers)).toEqual([
    { host: 's0.example', port: 27017 },
    { host: 's1.example', port: 27018 },
  ]);
});

test('a name without servers has none', async () => {
  expect(await serversOf('_mongodb._tcp.c1.example', AbortSignal.timeout(5_000), resolveServers)).toEqual([]);
});

test.each([
  ['in time', 100, 'cloud_timeout', '_slow._tcp.example was not resolved in time.'],
  ['at all', 10_000, 'cloud_unavailable', '_slow._tcp.example could not be resolved.'],
])('a name server that does not answer %s is no name without servers', async (_, ms, code, message) => {
  const servers = serversOf('_slow._tcp.example', AbortSignal.timeout(ms), resolveServers);
  await expect(servers).rejects.toMatchObject({ code, message });
});
