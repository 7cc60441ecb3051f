import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import {
  clientCertificate,
  clientSecret,
  createSojourn,
  privateKeyJwt,
  type SignIn,
  workloadToken,
} from '../../../src/tools/sdk/index.ts';
import { oneConnection, type TestServer, testServer } from '../../support/server.ts';
import { errorOf } from './arrange.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-sdk-'));
let server: TestServer;
let connection: { id: string };
let secret: { client_id: string; client_secret: string };

beforeAll(async () => {
  server = await testServer();
  ({ connection, client: secret } = await oneConnection(server));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const file = (content: string): string => {
  const path = join(folder, randomUUID());
  writeFileSync(path, content);
  return path;
};
const clientWith = (auth: object) =>
  server.admin.post<{ client_id: string }>('/clients', {
    name: 'by-key',
    auth,
    may_use: [{ connection: connection.id }],
  });
const tokenBy = (signIn: SignIn) => createSojourn({ issuer: server.issuer, signIn }).token(connection.id);
const isToken = { token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/), expiresAt: expect.any(Date) };

describe('clientSecret', () => {
  test('signs in with a secret, or with a file that it reads for each sign-in', async () => {
    const { client_id: clientId, client_secret } = secret;
    expect(await tokenBy(clientSecret({ clientId, secret: client_secret }))).toEqual(isToken);
    const secretFile = file('a wrong secret');
    const signIn = clientSecret({ clientId, secretFile });
    const refused = await errorOf(tokenBy(signIn));
    expect(refused).toMatchObject({
      code: 'invalid_client',
      status: 401,
      detail: 'Client authentication failed.',
    });
    writeFileSync(secretFile, `${client_secret}\n`);
    expect(await tokenBy(signIn)).toEqual(isToken);
  });
});

describe('privateKeyJwt', () => {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };

  test.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'signs in with %s keys in PEM and JWK format',
    async (alg) => {
      const { publicKey, privateKey } = pairs[alg];
      const jwk = publicKey.export({ format: 'jwk' });
      const { client_id: clientId } = await clientWith({
        method: 'private_key_jwt',
        jwks: { keys: [{ ...jwk, kid: 'mine' }] },
      });
      const pem = file(String(privateKey.export({ format: 'pem', type: 'pkcs8' })));
      expect(await tokenBy(privateKeyJwt({ clientId, keyFile: pem }))).toEqual(isToken);
      const asJwk = file(JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'mine' }));
      expect(await tokenBy(privateKeyJwt({ clientId, keyFile: asJwk }))).toEqual(isToken);
    },
  );

  test('makes a new assertion for every request, with the kid of the key', async () => {
    const keyFile = file(String(pairs.ES256.privateKey.export({ format: 'pem', type: 'sec1' })));
    const signIn = privateKeyJwt({ clientId: 'cli_1', keyFile, kid: 'mine' });
    const context = { issuer: server.issuer, now: Date.now, signal: new AbortController().signal };
    const [first, second] = [await signIn(context), await signIn(context)];
    const { client_assertion: assertion = '' } = first.parameters ?? {};
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'mine' });
    expect(second.parameters?.client_assertion).not.toBe(assertion);
  });

  test.each([
    [
      'with an unsupported key type',
      () =>
        String(
          generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({
            format: 'pem',
            type: 'pkcs8',
          }),
        ),
      /^The key in .* is not an RSA, P-256 or Ed25519 key\. /,
    ],
    [
      'without a private key',
      () => '{"kty":"oct","k":"c2VjcmV0LW9mLW1pbmU"}',
      / does not contain an unencrypted private key in PEM or JWK format\. /,
    ],
    [
      'that is not JSON',
      () => '{secret-of-mine',
      / does not contain an unencrypted private key in PEM or JWK format\. /,
    ],
  ])('rejects a key file %s, and the error contains nothing of the file', async (_, content, message) => {
    const error = await errorOf(tokenBy(privateKeyJwt({ clientId: 'cli_1', keyFile: file(content()) })));
    expect(error).toMatchObject({ code: 'sign_in_invalid', message: expect.stringMatching(message) });
    expect(JSON.stringify(error)).not.toMatch(/secret-of-mine|c2Vj/);
  });
});

describe('workloadToken', () => {
  test('signs in with a token from a file that it reads each time, or from a function', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { SignJWT } = await import('jose');
    const { client_id: clientId } = await clientWith({
      method: 'federated',
      issuer: 'https://kubernetes.default.svc',
      audience: server.issuer,
      subject: 'system:serviceaccount:billing:invoicer',
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'cluster' }] },
    });
    const issue = () =>
      new SignJWT()
        .setProtectedHeader({ alg: 'ES256', kid: 'cluster' })
        .setIssuer('https://kubernetes.default.svc')
        .setAudience(server.issuer)
        .setSubject('system:serviceaccount:billing:invoicer')
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey);
    const tokenFile = file('no token yet');
    const signIn = workloadToken({ tokenFile, clientId });
    expect(await errorOf(tokenBy(signIn))).toMatchObject({ code: 'invalid_client' });
    writeFileSync(tokenFile, await issue());
    expect(await tokenBy(signIn)).toEqual(isToken);
    expect(await tokenBy(workloadToken({ token: issue }))).toEqual(isToken);
  });

  test('stops waiting for the token when the client is aborted', async () => {
    const controller = new AbortController();
    const signIn = workloadToken({ token: () => new Promise(() => undefined) });
    const waiting = createSojourn({ issuer: server.issuer, signIn, signal: controller.signal }).token(
      'con_1',
    );
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

test('clientCertificate sends the client id and uses the custom fetch', async () => {
  const sent: unknown[] = [];
  const withCertificate: typeof fetch = async (url, init) => {
    sent.push([url, init?.body]);
    return new Response('{"error":"invalid_client"}', { status: 401 });
  };
  const signIn = clientCertificate({ clientId: 'cli_1' });
  const sojourn = createSojourn({ issuer: 'https://id.example.com/', signIn, fetch: withCertificate });
  await errorOf(sojourn.token('con_1'));
  expect(sent).toEqual([
    [
      'https://id.example.com/token',
      'grant_type=client_credentials&resource=urn%3Asojourn%3Aapi&client_id=cli_1',
    ],
  ]);
});

test.each([
  [
    () => clientSecret({ clientId: 'cli_1', secretFile: '/nowhere' }),
    'The client secret file /nowhere cannot be read (ENOENT).',
  ],
  [
    () => workloadToken({ tokenFile: '/nowhere' }),
    'The workload token file /nowhere cannot be read (ENOENT).',
  ],
  [
    () => privateKeyJwt({ clientId: 'cli_1', keyFile: '/dev/null' }),
    'The private key file /dev/null is empty.',
  ],
])('the error for an unusable sign-in file names the file: %#', async (signIn, detail) => {
  expect(await errorOf(tokenBy(signIn()))).toMatchObject({ code: 'sign_in_invalid', detail });
});
