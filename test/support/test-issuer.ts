/** A small OIDC issuer on loopback. Tests can change every part of it: documents, headers, keys, claims. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWSHeaderParameters,
  SignJWT,
} from 'jose';

export interface TestKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  /** Exactly kty, alg, use, kid and the key itself. */
  readonly publicJwk: JWK;
}

export interface TestIssuer {
  readonly issuer: string;
  /** `keys[0]` is RS256, `keys[1]` is ES256; both are in the JWKS. */
  readonly keys: readonly TestKey[];
  /** The served documents; tests may change them. */
  jwks: { keys: Record<string, unknown>[] };
  discovery: Record<string, unknown>;
  /** Sent with both documents. */
  headers: Record<string, string>;
  /** The status of both documents. */
  status: number;
  /** Requested paths, oldest first. */
  readonly requests: string[];
  /** Signs exactly these claims. `key` selects another key; `header` overrides or removes header members. */
  sign(
    claims: Record<string, unknown>,
    header?: Record<string, unknown>,
    options?: { key?: TestKey },
  ): Promise<string>;
  close(): Promise<void>;
}

export async function makeKey(alg: string, kid: string): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), alg, use: 'sig', kid } };
}

export async function startTestIssuer(options: { path?: string } = {}): Promise<TestIssuer> {
  const path = options.path ?? '';
  const keys = [await makeKey('RS256', 'test-rs256'), await makeKey('ES256', 'test-es256')] as const;
  const requests: string[] = [];

  const server = http.createServer((request, response) => {
    requests.push(request.url ?? '');
    const documents = new Map<string | undefined, unknown>([
      [`${path}/.well-known/openid-configuration`, self.discovery],
      [`${path}/jwks`, self.jwks],
    ]);
    const document = documents.get(request.url);
    const status = document === undefined ? 404 : self.status;
    response.writeHead(status, { 'content-type': 'application/json', ...self.headers });
    response.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  const self: TestIssuer = {
    issuer,
    keys,
    requests,
    jwks: { keys: keys.map(({ publicJwk }) => ({ ...publicJwk })) },
    discovery: {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    },
    headers: { 'cache-control': 'public, max-age=300' },
    status: 200,
    sign(claims, header = {}, { key = keys[0] } = {}) {
      const protectedHeader = { alg: key.alg, kid: key.kid, typ: 'JWT', ...header } as JWSHeaderParameters & {
        alg: string;
      };
      return new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key.privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}
