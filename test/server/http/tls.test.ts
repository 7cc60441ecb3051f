/** Certificates that are renewed while the server runs, as an ACME client or an orchestrator does it: by writing files. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { type TestServer, testServer } from '../../support/server.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

let folder: string;
let files: Pair;
let server: TestServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-tls-'));
  files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function pairOf(name: string): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }]);
  return { cert, key };
}

async function place({ cert, key }: Pair): Promise<void> {
  for (const [file, text] of [
    [files.cert, cert],
    [files.key, key],
  ] as const) {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }
}

async function start(more: { client_ca?: string } = {}): Promise<TestServer> {
  const port = await freePort();
  const listen = { public: `127.0.0.1:${port}`, admin: '0.0.0.0:0', tls: { ...files, ...more } };
  server = await testServer({ port, config: { listen } });
  return server;
}

/** The common name in the certificate that a new connection gets. */
const nameAt = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    }).once('error', reject);
  });

const ports = (one: TestServer): number[] =>
  [one.issuer, one.adminOrigin].map((origin) => Number(new URL(origin).port));

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await wait(50);
}

const linesWith = (one: TestServer, words: string): Record<string, unknown>[] =>
  one
    .logged()
    .split('\n')
    .filter((line) => line.includes(words))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('both listeners reload a new certificate without a restart, and log it', async () => {
  await place(await pairOf('first.example'));
  const running = await start();
  for (const port of ports(running)) expect(await nameAt(port)).toBe('first.example');
  await place(await pairOf('second.example'));
  await until(() => linesWith(running, 'reloaded the TLS certificate').length > 0);
  for (const port of ports(running)) expect(await nameAt(port)).toBe('second.example');
  expect(linesWith(running, 'TLS certificate')).toEqual([
    expect.objectContaining({ level: 'info', ...files, valid_to: expect.stringMatching(/Z$/) }),
  ]);
}, 60_000);

test.each<[string, (next: Pair, other: Pair) => Promise<unknown>, string]>([
  [
    'whose key is another one',
    (next, other) => place({ cert: next.cert, key: other.key }),
    'the key does not belong to the certificate',
  ],
  [
    'that is cut short',
    (next) => place({ cert: next.cert.slice(0, 200), key: next.key }),
    'they are not a certificate and a key in PEM (',
  ],
  ['that is empty', () => place({ cert: '', key: '' }), 'they are not a certificate and a key in PEM ('],
  ['that is gone', () => rm(files.key), 'it cannot be read (ENOENT)'],
])(
  'the server logs a new certificate %s once, keeps the current one, and loads a later usable one',
  async (_, spoil, why) => {
    const [next, other] = [await pairOf('second.example'), await pairOf('third.example')];
    await place(await pairOf('first.example'));
    const running = await start();
    await spoil(next, other);
    await until(
      () => linesWith(running, 'cannot use the new TLS certificate; keeping the current one').length > 0,
    );
    for (const port of ports(running)) expect(await nameAt(port)).toBe('first.example');
    await place(next);
    await until(() => linesWith(running, 'reloaded the TLS certificate').length > 0);
    for (const port of ports(running)) expect(await nameAt(port)).toBe('second.example');
    const logged = linesWith(running, 'cannot use the new TLS certificate; keeping the current one');
    expect(logged).toEqual([expect.objectContaining({ level: 'error', ...files })]);
    expect(logged[0]?.reason).toContain(why);
    expect(running.logged()).not.toContain('BEGIN');
  },
  60_000,
);

test('the server does not start with an unusable certificate, and says why in one sentence', async () => {
  const [first, other] = [await pairOf('first.example'), await pairOf('other.example')];
  await place({ cert: first.cert, key: other.key });
  await expect(start()).rejects.toMatchObject({
    code: 'config_invalid',
    message: `listen.tls: ${files.cert} and ${files.key} cannot be used: the key does not belong to the certificate.`,
  });
}, 60_000);

describe('client authorities', () => {
  const spoilt: [string, (good: string) => string][] = [
    ['that are followed by half a certificate', (good) => `${good}\n${good.slice(0, 200)}`],
    ['that are followed by what is none', (good) => `${good}\n${good.replace(/MII./, 'AAAA')}`],
    ['that are followed by a private key', (good) => `${good}\n-----BEGIN PRIVATE KEY-----\nAA==\n`],
  ];

  test.each(spoilt)('prevent the start if they are %s, with one sentence', async (_, spoil) => {
    const first = await pairOf('first.example');
    await place(first);
    const client_ca = join(folder, 'ca.pem');
    await writeFile(client_ca, spoil(first.cert));
    await expect(start({ client_ca })).rejects.toMatchObject({
      code: 'config_invalid',
      message: `listen.tls.client_ca: ${client_ca} cannot be used: it is not a PEM file of certificates.`,
    });
  });

  test('that become unusable are logged once, and the current ones stay', async () => {
    const first = await pairOf('first.example');
    await place(first);
    const client_ca = join(folder, 'ca.pem');
    await writeFile(client_ca, first.cert);
    const running = await start({ client_ca });
    await writeFile(client_ca, 'nothing');
    await until(
      () => linesWith(running, 'cannot use the new TLS certificate; keeping the current one').length > 0,
    );
    await place(await pairOf('second.example'));
    await writeFile(client_ca, first.cert);
    await until(() => linesWith(running, 'reloaded the TLS certificate').length > 0);
    for (const port of ports(running)) expect(await nameAt(port)).toBe('second.example');
    const logged = linesWith(running, 'cannot use the new TLS certificate; keeping the current one');
    expect(logged).toEqual([expect.objectContaining({ reason: 'it is not a PEM file of certificates' })]);
  }, 60_000);

  test('apply to the public listener only', async () => {
    const first = await pairOf('first.example');
    await place(first);
    const client_ca = join(folder, 'ca.pem');
    await writeFile(client_ca, first.cert);
    const asks = await Promise.all(ports(await start({ client_ca })).map(asksForCertificate));
    expect(asks).toEqual([true, false]);
  });
});

/** Whether the listener sends a CertificateRequest with its authorities (RFC 8446 section 4.3.2). */
async function asksForCertificate(port: number): Promise<boolean> {
  const asked = promisify(execFile)('openssl', ['s_client', '-connect', `127.0.0.1:${port}`]);
  asked.child.stdin?.end();
  return (await asked).stdout.includes('Acceptable client certificate CA names');
}

test('a connection that sends no handshake is closed after ten seconds', async () => {
  await place(await pairOf('one'));
  const { issuer } = await start();
  const silent = connectTcp(Number(new URL(issuer).port), '127.0.0.1');
  const startedAt = performance.now();
  await once(silent, 'close');
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(seconds).toBeGreaterThan(9.5);
  expect(seconds).toBeLessThan(20);
}, 60_000);
