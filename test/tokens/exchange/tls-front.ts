/** A TLS server for several hosts, which passes requests on to servers of a test that speak plain HTTP. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { startAuthority } from '../../support/authority.ts';

export interface TlsFront {
  readonly port: number;
  /** The certificate of its authority in PEM. */
  readonly authority: string;
  readonly authorityFile: string;
  close(): Promise<void>;
}

/** @param origins by host, or by host and path, where its requests go */
export async function startTlsFront(origins: Readonly<Record<string, string>>): Promise<TlsFront> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-front-'));
  const authorityFile = join(folder, 'authority.pem');
  const authority = await startAuthority('front');
  await writeFile(authorityFile, authority.cert);
  const hosts = new Set(Object.keys(origins).map((key) => key.replace(/\/.*/, '')));
  const names = [...hosts].map((value) => ({ type: 2, value }) as const);
  const tls = await authority.issue({ purpose: 'serverAuth', names });
  const server = https.createServer(tls, async (request, response) => {
    const { method = 'GET', url = '', headers } = request;
    const { host = '', connection: _, 'transfer-encoding': __, 'content-length': ___, ...others } = headers;
    const body = await buffer(request);
    const name = host.replace(/:\d+$/, '');
    const answer = await fetch(`${origins[`${name}${url}`] ?? origins[name]}${url}`, {
      method,
      headers: others as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    authority: authority.cert,
    authorityFile,
    async close() {
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}
