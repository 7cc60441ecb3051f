/** Log-ins to Kafka and MongoDB: answers that prove nothing, and addresses to which no token goes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CloudSettings, clouds } from '../../src/clouds/index.ts';
import { serversInDomain } from '../../src/clouds/presets/mongodb.ts';
import { startAuthority } from '../support/authority.ts';
import { noon, refusalOf } from './fake-cloud.ts';

let server: Server;
let received = '';
/** Sent for each frame, as hex; without one more, the connection is closed. */
let answers: readonly string[] = [];
const sockets = new Set<Socket>();
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    const left = [...answers];
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const answer = left.shift();
      if (answer === undefined) socket.destroy();
      else socket.write(Buffer.from(answer, 'hex'));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const targets: Readonly<Record<string, object>> = {
  kafka: { bootstrap_servers: 'kafka.example:9093', audience: 'kafka' },
  'mongodb-atlas': { host: 'cluster0.abcde.mongodb.net' },
};

/** The error of a presented token; by default at the scripted server. */
async function present(
  preset: string,
  target = targets[preset],
  settings?: CloudSettings,
  milliseconds = 5_000,
) {
  received = '';
  const cloud = clouds[preset]!;
  const { present: login } = cloud.entry(cloud.target.parse(target));
  if (typeof login !== 'function') throw new Error(`${preset} has no log-in`);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return refusalOf(
    login('eyJ.secret.token', {
      settings: settings ?? { endpoint: url },
      now: () => noon,
      signal: AbortSignal.timeout(milliseconds),
    }),
  );
}

/** An OP_MSG in hex with the document `{ ok: 1.0 }`. */
const ok = (responseTo: number, document = '11000000016f6b00000000000000f03f00') =>
  `2600000000000000${responseTo.toString(16).padStart(2, '0')}000000dd0700000000000000${document}`;

describe('a log-in is not accepted', () => {
  test.each<[string, string, readonly string[], string, RegExp]>([
    ['kafka', 'if the connection ends', [], 'cloud_unavailable', /could not be reached/],
    ['kafka', 'if the answer is huge', ['7fffffff'], 'cloud_answer_unknown', /is not readable/],
    ['kafka', 'if the answer is negative', ['ffffffff'], 'cloud_answer_unknown', /is not readable/],
    [
      'kafka',
      'if the answer is of HTTP',
      ['485454502f312e3120343030'],
      'cloud_answer_unknown',
      /not readable/,
    ],
    [
      'kafka',
      'for another request',
      ['0000000a00000009000000000000'],
      'cloud_answer_unknown',
      /not readable/,
    ],
    ['kafka', 'if the answer is cut short', ['0000000400000001'], 'cloud_answer_unknown', /not readable/],
    [
      'kafka',
      'if a length is outside the answer',
      ['0000000a00000001000000000000', '0000000a0000000200007fff0000'],
      'cloud_answer_unknown',
      /not readable/,
    ],
    ['kafka', 'if the answer does not come', ['', ''], 'cloud_timeout', /did not answer in time/],
    ['mongodb-atlas', 'if the connection ends', [], 'cloud_unavailable', /could not be reached/],
    [
      'mongodb-atlas',
      'if the answer is huge',
      [`ffffff7f${'00'.repeat(12)}`],
      'cloud_answer_unknown',
      /readable/,
    ],
    ['mongodb-atlas', 'for another request', [ok(9)], 'cloud_answer_unknown', /not readable/],
    [
      'mongodb-atlas',
      'if a document is malformed',
      [ok(1, '110000007f6f6b00000000000000f03f00')],
      'cloud_answer_unknown',
      /not readable/,
    ],
    [
      'mongodb-atlas',
      'that needs another step',
      [ok(1), ok(2)],
      'cloud_answer_unknown',
      /MongoDB Atlas says nothing/,
    ],
    ['mongodb-atlas', 'if the answer does not come', [ok(1), ''], 'cloud_timeout', /did not answer in time/],
  ])('of %s %s', async (preset, _, script, code, detail) => {
    answers = script;
    const error = await present(preset, targets[preset], undefined, code === 'cloud_timeout' ? 300 : 5_000);
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(detail)]);
    expect(JSON.stringify([error.message, error.cause])).not.toMatch(/eyJ|secret/);
  });
});

test('a log-in verifies the certificate of the broker by the authority of the target', async () => {
  const authority = await startAuthority('kafka');
  const broker = createTlsServer(
    await authority.issue({ purpose: 'serverAuth', names: [{ type: 7, ip: '127.0.0.1' }] }),
    (socket) => socket.on('error', () => undefined).once('data', () => socket.destroy()),
  ).on('tlsClientError', () => undefined);
  await once(broker.listen(0, '127.0.0.1'), 'listening');
  let connected = 0;
  broker.on('secureConnection', () => connected++);
  const target = {
    bootstrap_servers: `127.0.0.1:${(broker.address() as AddressInfo).port}`,
    audience: 'kafka',
  };
  const settings = { allow_networks: ['127.0.0.0/8'] };
  await present('kafka', target, settings);
  expect(connected).toBe(0);
  await present('kafka', { ...target, certificate_authority: authority.cert }, settings);
  expect(connected).toBe(3);
  broker.close();
});

describe('no token goes', () => {
  test('to a broker that does not enable SASL OAUTHBEARER', async () => {
    answers = ['0000000a00000001002100000000'];
    const { code, message } = await present('kafka');
    expect([code, message, received.includes('eyJ')]).toEqual([
      'cloud_request_invalid',
      'The listener does not enable SASL OAUTHBEARER. The log of the broker names the cause. Apache Kafka says 33: The broker refuses SASL OAUTHBEARER.',
      false,
    ]);
  });

  test('to a private network that the operator does not allow', async () => {
    const target = { bootstrap_servers: '10.0.0.8:9093', audience: 'kafka' };
    const { code, message } = await present('kafka', target, { allow_networks: [] });
    expect([code, message]).toEqual([
      'cloud_unavailable',
      '10.0.0.8:9093 resolves to 10.0.0.8, which is not public and not in presets.allow_networks.',
    ]);
  });

  test('to a host that is not of Atlas', () => {
    const target = { host: 'mongodb.net.evil.example' };
    expect(clouds['mongodb-atlas']?.target.safeParse(target).error?.issues[0]?.message).toBe(
      'must be the host of the cluster, such as cluster0.abcde.mongodb.net',
    );
  });

  test.each([
    ['another domain', 'c0.abcde.mongodb.net', ['s0.evil.example'], 0],
    ['one server of another domain', 'c0.abcde.mongodb.net', ['s0.abcde.mongodb.net', 's0.evil.example'], 0],
    ['a domain that only ends alike', 'c0.abcde.mongodb.net', ['s0.xabcde.mongodb.net'], 0],
    ['a name without a domain', 'c0.net', ['s0.net'], 0],
    [
      'the domain of the cluster',
      'c0.abcde.mongodb.net',
      ['s0.abcde.mongodb.net', 's1.abcde.mongodb.net'],
      2,
    ],
  ])('beyond the servers in DNS, with %s', (_, cluster, hosts, count) => {
    const servers = hosts.map((host) => ({ host, port: 27017 }));
    expect(serversInDomain(cluster, servers)).toHaveLength(count);
  });
});
