/** Invalid responses of a key server, and the audit reason for each. */
import type { Page } from '../../support/foreign-issuer.ts';

export const unfitPages: [string, Page, RegExp][] = [
  [
    'redirects',
    (_, response) => void response.writeHead(302, { location: '/jwks' }).end(),
    /answers with status 302/,
  ],
  ['is not JSON', (_, response) => void response.end('<html>'), /is not JSON/],
  [
    'is larger than 256 KB',
    (_, response) => void response.end(Buffer.alloc(300_000, ' ')),
    /sends more than 262144 bytes/,
  ],
  [
    'is compressed',
    (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    /sends a compressed response/,
  ],
  ['never ends', (_, response) => void response.writeHead(200).write(' '), /did not answer in time/],
  ['never begins', () => undefined, /did not answer in time/],
];
