/** Requests to URLs from outside, and what a hostile server cannot cause. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addressFilterFor, type EgressPolicy, getExternal } from '../../../src/platform/outbound/index.ts';
import { type ForeignIssuer, type Page, startForeignIssuer } from '../../support/foreign-issuer.ts';
import { refusalOf } from './refusal.ts';

let issuer: ForeignIssuer;
let guard: EgressPolicy;

beforeAll(async () => {
  issuer = await startForeignIssuer();
  guard = { isAllowed: addressFilterFor(['127.0.0.0/8', '::1/128']), ca: issuer.ca };
});
afterAll(() => issuer.close());

const get = (url: string, other: Partial<EgressPolicy> = {}, ms = 2_000) =>
  getExternal(url, { ...guard, ...other }, AbortSignal.timeout(ms));

describe('the address filter', () => {
  const notPublic = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:db8::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'no address',
  ];

  test.each(notPublic)('rejects %s, which is not public', (address) => {
    expect(addressFilterFor([])(address)).toBe(false);
  });

  test.each(['8.8.8.8', '100.63.255.255', '100.128.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is public',
    (address) => {
      expect(addressFilterFor([])(address)).toBe(true);
    },
  );

  test('allows configured networks and no other private ones', () => {
    const permits = addressFilterFor(['10.1.0.0/16', 'fd00:1::/32']);
    expect(['10.1.2.3', 'fd00:1::5'].map(permits)).toEqual([true, true]);
    expect(['10.2.0.1', 'fd00:2::5', '127.0.0.1'].map(permits)).toEqual([false, false, false]);
  });
});

describe('a request to an external URL', () => {
  test('resolves to the body', async () => {
    expect(JSON.parse(await get(`${issuer.origin}/jwks`))).toEqual(issuer.pages['/jwks']);
  });

  test('requires a trusted certificate', async () => {
    const { ca: _, ...without } = guard;
    expect(
      await refusalOf(getExternal(`${issuer.origin}/jwks`, without, AbortSignal.timeout(2_000))),
    ).toEqual({
      code: 'cloud_unavailable',
      message: `${issuer.origin}/jwks could not be reached.`,
    });
  });

  test('requires a certificate for the host name, for every DNS answer', async () => {
    const port = new URL(issuer.origin).port;
    const resolve = async () => ['127.0.0.1'];
    expect(JSON.parse(await get(`https://issuer.example:${port}/jwks`, { resolve }))).toEqual(
      issuer.pages['/jwks'],
    );
    for (const host of ['issuer.example.evil.test', 'other.example']) {
      expect(await refusalOf(get(`https://${host}:${port}/jwks`, { resolve }))).toEqual({
        code: 'cloud_unavailable',
        message: `https://${host}:${port}/jwks could not be reached.`,
      });
    }
  });

  const elsewhere: [string, (at: URL) => string][] = [
    ['private by its name', ({ port }) => `https://localhost:${port}/jwks`],
    ['private by its address', ({ port }) => `https://127.0.0.1:${port}/jwks`],
    ['private in hexadecimal', ({ port }) => `https://0x7f.1:${port}/jwks`],
    ['private as one number', ({ port }) => `https://2130706433:${port}/jwks`],
    ['private as IPv4 in IPv6', ({ port }) => `https://[::ffff:127.0.0.1]:${port}/jwks`],
    ['the metadata service', () => 'https://169.254.169.254/latest'],
    ['without TLS', ({ port }) => `http://127.0.0.1:${port}/jwks`],
    ['a file', () => 'file:///etc/passwd'],
  ];

  test.each(elsewhere)('is not sent if the URL is %s', async (_title, url) => {
    const before = issuer.connections();
    const { code } = await refusalOf(get(url(new URL(issuer.origin)), { isAllowed: addressFilterFor([]) }));
    expect(code).toBe('cloud_unavailable');
    expect(issuer.connections()).toBe(before);
  });

  test('is not sent if the URL contains a user, and the error does not repeat the password', async () => {
    const before = issuer.connections();
    const url = issuer.origin.replace('https://', 'https://accounts.example:hunter2@');
    expect(await refusalOf(get(`${url}/jwks`))).toEqual({
      code: 'cloud_unavailable',
      message: `${issuer.origin}/jwks contains a user name.`,
    });
    expect(issuer.connections()).toBe(before);
  });

  test('is not sent if one of the resolved addresses is private', async () => {
    const before = issuer.connections();
    const resolve = async () => ['8.8.8.8', '127.0.0.1'];
    expect(
      await refusalOf(get('https://issuer.example/jwks', { resolve, isAllowed: addressFilterFor([]) })),
    ).toEqual({
      code: 'cloud_unavailable',
      message:
        'https://issuer.example/jwks resolves to 127.0.0.1, which is not public and not in federation.allow_networks.',
    });
    expect(issuer.connections()).toBe(before);
  });

  test('resolves the host once and ignores later DNS answers', async () => {
    const port = new URL(issuer.origin).port;
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return asked.length === 1 ? ['127.0.0.1'] : ['127.9.9.9'];
    };
    await get(`https://issuer.example:${port}/jwks`, {
      resolve,
      isAllowed: addressFilterFor(['127.0.0.1/32']),
    });
    expect(asked).toEqual(['issuer.example']);
    expect(
      (
        await refusalOf(
          get(`https://issuer.example:${port}/jwks`, {
            resolve,
            isAllowed: addressFilterFor(['127.0.0.1/32']),
          }),
        )
      ).message,
    ).toMatch(/resolves to 127\.9\.9\.9/);
  });
});

describe('a response of an external URL', () => {
  test('is not followed if it is a redirect', async () => {
    issuer.pages['/moved'] = ((_, response) => {
      response.writeHead(302, { location: `${issuer.origin}/jwks` }).end();
    }) satisfies Page;
    const before = issuer.requests.length;
    expect(await refusalOf(get(`${issuer.origin}/moved`))).toEqual({
      code: 'cloud_unavailable',
      message: `${issuer.origin}/moved answers with status 302.`,
    });
    expect(issuer.requests.slice(before)).toEqual(['/moved']);
  });

  test('is cut off at 256 KB of 100 MB', async () => {
    let written = 0;
    issuer.pages['/huge'] = ((_, response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const more = () => {
        while (!response.destroyed && written < 100 * 1024 * 1024) {
          written += chunk.length;
          if (!response.write(chunk)) return response.once('drain', more);
        }
        return response.end();
      };
      response.on('error', () => undefined);
      more();
    }) satisfies Page;
    expect(await refusalOf(get(`${issuer.origin}/huge`, {}, 15_000))).toEqual({
      code: 'cloud_unavailable',
      message: `${issuer.origin}/huge sends more than 262144 bytes.`,
    });
    // Socket buffers hold far less than the whole response.
    expect(written).toBeLessThan(50 * 1024 * 1024);
  }, 30_000);

  test('times out if it arrives too slowly', async () => {
    let dripping: NodeJS.Timeout | undefined;
    issuer.pages['/drip'] = ((_, response) => {
      response.writeHead(200);
      dripping = setInterval(() => response.write(' '), 50);
      response.once('close', () => clearInterval(dripping));
    }) satisfies Page;
    expect(await refusalOf(get(`${issuer.origin}/drip`, {}, 500))).toEqual({
      code: 'cloud_timeout',
      message: `${issuer.origin}/drip did not answer in time.`,
    });
    clearInterval(dripping);
  });

  test('times out if it never starts, and so does a DNS lookup that never ends', async () => {
    issuer.pages['/silent'] = (() => undefined) satisfies Page;
    expect((await refusalOf(get(`${issuer.origin}/silent`, {}, 300))).code).toBe('cloud_timeout');
    const resolve = () => new Promise<string[]>(() => undefined);
    expect((await refusalOf(get('https://issuer.example/', { resolve }, 300))).code).toBe('cloud_timeout');
  });

  test('is rejected if it is compressed, because it could expand', async () => {
    issuer.pages['/packed'] = ((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    }) satisfies Page;
    expect((await refusalOf(get(`${issuer.origin}/packed`))).message).toBe(
      `${issuer.origin}/packed sends a compressed response.`,
    );
  });
});
