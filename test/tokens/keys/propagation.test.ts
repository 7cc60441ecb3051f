import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { documentUrls } from '../../../src/tokens/issuer/index.ts';
import { findDrift, findPropagationFault } from '../../../src/tokens/keys/index.ts';
import { recordOf } from './records.ts';

const key = recordOf('wanted', 'ES256', 'next').jwk;
const other = recordOf('other', 'RS256', 'active').jwk;
const url = 'https://id.example.com';
const issuer = { url, jwks: documentUrls(url).jwks };

interface Page {
  status?: number;
  type?: string;
  headers?: Record<string, string>;
  body: string;
}

let server: Server;
let base: string;
let pages: Record<string, Page>;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { status = 200, type = 'application/json', headers = {}, body } = pages[request.url ?? '']!;
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const discovery = '/.well-known/openid-configuration';
beforeEach(() => {
  pages = {
    [discovery]: { body: JSON.stringify({ issuer: url, jwks_uri: issuer.jwks, extra: 1 }) },
    '/jwks': { body: JSON.stringify({ keys: [other, key] }) },
  };
});

const fault = () => findPropagationFault(documentUrls(base), issuer, key);

describe('the propagation check', () => {
  test('finds a key if both documents are correct', async () => {
    expect(await fault()).toBeUndefined();
  });

  const wrongs: [string, () => void, string][] = [
    [
      'a JWKS without the key',
      () => (pages['/jwks'] = { body: JSON.stringify({ keys: [other] }) }),
      '/jwks does not list it',
    ],
    [
      'another key under its kid',
      () => (pages['/jwks'] = { body: JSON.stringify({ keys: [{ ...key, x: 'elsewhere' }] }) }),
      '/jwks lists another key under its kid',
    ],
    [
      'the kid twice',
      () => (pages['/jwks'] = { body: JSON.stringify({ keys: [key, key] }) }),
      '/jwks lists another key under its kid',
    ],
    ['a page of an error', () => (pages['/jwks'] = { status: 503, body: '' }), '/jwks answers 503'],
    [
      'a redirect, which clouds are not known to follow',
      () => (pages['/jwks'] = { status: 302, headers: { location: '/jwks2' }, body: '' }),
      '/jwks answers 302',
    ],
    [
      'a page for people',
      () => (pages['/jwks'] = { type: 'text/html', body: JSON.stringify({ keys: [key] }) }),
      '/jwks is not served as application/json',
    ],
    ['no JSON', () => (pages['/jwks'] = { body: '<html>' }), '/jwks is not a valid document'],
    [
      'documents of another issuer',
      () => (pages[discovery] = { body: JSON.stringify({ issuer: `${url}/`, jwks_uri: issuer.jwks }) }),
      `${discovery} names another issuer`,
    ],
    [
      'another jwks_uri',
      () => (pages[discovery] = { body: JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }) }),
      `${discovery} names another jwks_uri`,
    ],
  ];

  test.each(wrongs)('reports %s with its URL', async (_, damage, words) => {
    damage();
    expect(await fault()).toBe(base + words);
  });

  test('reports an issuer that cannot be reached', async () => {
    expect(await findPropagationFault(documentUrls('http://127.0.0.1:1'), issuer, key)).toBe(
      '127.0.0.1:1 could not be reached.',
    );
  });
});

describe('the check of a mirror', () => {
  const served = {
    discovery: JSON.stringify({ issuer: url, jwks_uri: issuer.jwks, extra: 1 }),
    jwks: JSON.stringify({ keys: [other, key] }),
  };
  const difference = () => findDrift(documentUrls(base), served);
  const listing = (...keys: unknown[]) => {
    pages['/jwks'] = { body: JSON.stringify({ keys }) };
  };

  test('finds no drift if both documents have the same content in another formatting', async () => {
    pages['/jwks'] = { body: JSON.stringify({ keys: [other, key] }, null, 2) };
    expect(await difference()).toBeUndefined();
  });

  const wrongs: [string, () => void, string][] = [
    ['a key that is not there yet', () => listing(other), `/jwks does not list ${key.kid}`],
    [
      'a key that should have been removed',
      () => listing(other, key, { ...key, kid: 'revoked' }),
      '/jwks still lists revoked',
    ],
    [
      'a key whose id is a token, without it',
      () => listing(other, key, { ...key, kid: `eyJhbGciOiJFUzI1NiJ9.${'a'.repeat(60)}\u001b[2J` }),
      '/jwks still lists [token] [2J',
    ],
    [
      'a key with a long id, shortened',
      () => listing(other, key, { ...key, kid: 'long '.repeat(1000) }),
      `/jwks still lists ${'long '.repeat(80).slice(0, 400)}`,
    ],
    [
      'a different key under the same kid',
      () => listing(other, { ...key, x: 'theirs' }),
      '/jwks differs from the served document',
    ],
    [
      'another issuer',
      () => (pages[discovery] = { body: JSON.stringify({ issuer: 'https://evil', jwks_uri: issuer.jwks }) }),
      `${discovery} differs from the served document`,
    ],
    ['a document that is gone', () => (pages['/jwks'] = { status: 404, body: '' }), '/jwks answers 404'],
  ];

  test.each(wrongs)('reports %s', async (_, damage, words) => {
    damage();
    expect(await difference()).toBe(base + words);
  });
});
