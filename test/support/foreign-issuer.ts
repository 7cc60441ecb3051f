/** An issuer of workload tokens over real https with a private authority. Tests can change every part of it. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign } from 'jose';
import { generate } from 'selfsigned';
import { makeKey, type TestKey } from './test-issuer.ts';

export interface ForeignIssuer {
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** Removed when the issuer is closed. */
  readonly folder: string;
  /** PEM file with the certificate of the authority. */
  readonly caFile: string;
  readonly ca: string;
  /** RS256 and ES256; both are in the JWKS. */
  readonly keys: readonly [TestKey, TestKey];
  /** Responses by path: a value served as JSON, or a function that answers. */
  readonly pages: Record<string, unknown>;
  /** Requested paths, oldest first. */
  readonly requests: string[];
  /** TCP connections so far. */
  connections(): number;
  /** Serves discovery for the issuer at this path and returns the issuer. */
  issuerAt(path: string): string;
  /** Signs exactly these claims, or this text. */
  sign(
    claims: Record<string, unknown> | string,
    header?: Record<string, unknown>,
    key?: TestKey,
  ): Promise<string>;
  close(): Promise<void>;
}

export type Page = (request: IncomingMessage, response: ServerResponse) => void;

export async function startForeignIssuer(): Promise<ForeignIssuer> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-foreign-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: 'issuer.example' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, cert);
  const keys = [await makeKey('RS256', 'rsa'), await makeKey('ES256', 'ec')] as const;
  const pages: Record<string, unknown> = { '/jwks': { keys: keys.map(({ publicJwk }) => publicJwk) } };
  const requests: string[] = [];
  let connections = 0;
  const server = https.createServer({ cert, key }, (request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const page = pages[path];
    if (typeof page === 'function') return (page as Page)(request, response);
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(page ?? {}));
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    folder,
    caFile,
    ca: cert,
    keys: [keys[0], keys[1]],
    pages,
    requests,
    connections: () => connections,
    issuerAt(path) {
      const issuer = origin + path;
      pages[`${path.replace(/\/$/, '')}/.well-known/openid-configuration`] = {
        issuer,
        jwks_uri: `${origin}/jwks`,
      };
      return issuer;
    },
    sign(claims, header = {}, signer = keys[0]) {
      const text = typeof claims === 'string' ? claims : JSON.stringify(claims);
      const { crit = [] } = header as { crit?: string[] };
      return new CompactSign(Buffer.from(text))
        .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: 'JWT', ...header } as never)
        .sign(signer.privateKey, { crit: Object.fromEntries(crit.map((name) => [name, true])) });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
