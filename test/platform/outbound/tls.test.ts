/** What a hostile server cannot choose in a TLS handshake. */
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import {
  addressFilterFor,
  converse,
  type EgressPolicy,
  getExternal,
} from '../../../src/platform/outbound/index.ts';
import { refusalOf } from './refusal.ts';

let server: Server;
let port: number;
let policy: EgressPolicy;
/** How many handshakes have succeeded. */
let accepted = 0;

beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'rsa',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const onlyDhe = {
    maxVersion: 'TLSv1.2',
    dhparam: 'auto',
    ciphers: 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384',
  } as const;
  server = createServer({ cert, key, ...onlyDhe }, (_, response) => response.end('body'));
  server.on('secureConnection', () => {
    accepted += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  policy = { isAllowed: addressFilterFor(['127.0.0.0/8']), ca: cert };
});
afterAll(() => void server.close());

test('a server that computes with a group of its own choice is refused', async () => {
  const signal = AbortSignal.timeout(5_000);
  expect(await refusalOf(getExternal(`https://127.0.0.1:${port}/`, policy, signal))).toEqual({
    code: 'cloud_unavailable',
    message: `https://127.0.0.1:${port}/ could not be reached.`,
  });
  const talk = async () => 'connected';
  expect(await refusalOf(converse({ host: '127.0.0.1', port }, policy, signal, talk))).toEqual({
    code: 'cloud_unavailable',
    message: `127.0.0.1:${port} could not be reached.`,
  });
  expect(accepted).toBe(0);

  // Node's own default would connect.
  const own = connectTls({ socket: connect(port, '127.0.0.1'), rejectUnauthorized: false });
  await new Promise((resolve) => own.once('secureConnect', resolve));
  own.destroy();
});
