/** Runs the program of docs/sdk.md that signs in with a certificate, against a server with TLS. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { blocks } from '../../docs/documents.ts';
import { type Pair, startAuthority } from '../../support/authority.ts';
import { oneConnection, type TestClient, type TestServer, testServer } from '../../support/server.ts';
import { installInto } from './installed.ts';

const issuer = 'https://id.example.com';
const folder = mkdtempSync(join(tmpdir(), 'sojourn-certificate-'));
const pathTo = (name: string) => join(folder, name);
let server: TestServer;
let connection: string;
let env: Record<string, string>;
let otherService: Pair;

function writePair(name: string, { cert, key }: Pair): { cert: string; key: string } {
  const files = { cert: pathTo(`${name}.pem`), key: pathTo(`${name}-key.pem`) };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  return files;
}

beforeAll(async () => {
  await installInto(folder);
  const authority = await startAuthority('Acme');
  const dns = (value: string) => ({ type: 2 as const, value });
  const serverPair = writePair(
    'server',
    await authority.issue({ purpose: 'serverAuth', names: [dns('id.example.com')] }),
  );
  const service = writePair('service', await authority.issue({ names: [dns('billing.example.com')] }));
  otherService = await authority.issue({ names: [dns('other.example.com')] });
  writeFileSync(pathTo('ca.pem'), authority.cert);
  const port = await freePort();
  server = await testServer({
    port,
    config: {
      issuer,
      listen: {
        public: `127.0.0.1:${port}`,
        admin: '127.0.0.1:0',
        tls: { ...serverPair, client_ca: pathTo('ca.pem') },
      },
    },
  });
  ({
    connection: { id: connection },
  } = await oneConnection(server));
  const { client_id } = await server.admin.post<TestClient>('/clients', {
    name: 'billing',
    auth: { method: 'tls', san_dns: 'billing.example.com' },
    may_use: [{ connection }],
  });
  const [program = ''] = blocks('docs/sdk.md', 'ts').filter((block) => block.includes('clientCertificate'));
  writeFileSync(pathTo('program.ts'), program);
  // Resolves the issuer's name to this machine; TLS still verifies the name.
  writeFileSync(
    pathTo('names.mjs'),
    `import https from 'node:https';
     const { request } = https;
     https.request = (url, options) => {
       const { hostname, host } = new URL(url);
       const headers = { ...options.headers, host };
       return request(url, { ...options, headers, servername: hostname, hostname: '127.0.0.1', port: ${port} });
     };`,
  );
  env = {
    SOJOURN_ISSUER: issuer,
    SOJOURN_CLIENT_ID: client_id,
    CERT_FILE: service.cert,
    KEY_FILE: service.key,
    CA_FILE: pathTo('ca.pem'),
    CONNECTION: connection,
  };
}, 60_000);
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

const run = (more: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ['--import', pathTo('names.mjs'), 'program.ts'], {
    cwd: folder,
    env: { ...env, ...more },
    timeout: 15_000,
  }).catch((error: { stdout: string; stderr: string }) => error);

test('the program of docs/sdk.md signs in with the certificate of its client', async () => {
  const { stdout, stderr } = await run();
  expect({ stdout, stderr }).toEqual({
    stdout: expect.stringMatching(/^a token until 20\S+Z\n$/),
    stderr: '',
  });
});

test('the program of docs/sdk.md fails with the certificate of another service', async () => {
  const other = writePair('other', otherService);
  const { stdout, stderr } = await run({ CERT_FILE: other.cert, KEY_FILE: other.key });
  expect(stdout).toBe('');
  expect(stderr).toContain("code: 'invalid_client'");
  expect(stderr).not.toContain('PRIVATE KEY');
});
