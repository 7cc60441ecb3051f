/** The documents of an issuer over TLS, for services that demand https: passes requests on to the server of a test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAuthority } from '../../support/authority.ts';

export interface TlsFront {
  readonly origin: string;
  /** The certificate of its authority in PEM. */
  readonly authorityFile: string;
  /** Changes the JWKS that it serves. */
  jwks: (jwks: { keys: object[] }) => object;
  close(): Promise<void>;
}

export async function startTlsFront(base: string): Promise<TlsFront> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-front-'));
  const authorityFile = join(folder, 'authority.pem');
  const authority = await startAuthority('front');
  await writeFile(authorityFile, authority.cert);
  const tls = await authority.issue({ purpose: 'serverAuth', names: [{ type: 2, value: 'localhost' }] });
  const server = https.createServer(tls, async (request, response) => {
    const answer = await fetch(`${base}${request.url}`);
    const document = (await answer.json()) as { keys: object[] };
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url === '/jwks' ? front.jwks(document) : document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const front: TlsFront = {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    authorityFile,
    jwks: (jwks) => jwks,
    async close() {
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
  return front;
}
