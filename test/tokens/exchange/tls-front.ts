/** A TLS server for several hosts, which passes requests on to servers of a test that speak plain HTTP. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { startAuthority } from '../../support/authority.ts';

export interface TlsFront {
  readonly port: number;
  /** The certificate of its authority in PEM. */
  readonly authority: string;
  readonly authorityFile: string;
  /** The port of a TLS server for this host that passes bytes on to another port. */
  tunnel(host: string, port: number): Promise<number>;
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
  const listen = async (listener: Server): Promise<number> => {
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return (listener.address() as AddressInfo).port;
  };
  const tunnels: Server[] = [];
  return {
    port: await listen(server),
    authority: authority.cert,
    authorityFile,
    async tunnel(host, port) {
      const pair = await authority.issue({ purpose: 'serverAuth', names: [{ type: 2, value: host }] });
      const tunnel = createTlsServer(pair, (socket) => {
        const other = connect(port, '127.0.0.1');
        pipeline(socket, other, socket, () => undefined);
      });
      tunnels.push(tunnel);
      return listen(tunnel);
    },
    async close() {
      for (const tunnel of tunnels) tunnel.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}
