/**
 * The sandbox clouds: AWS, Azure and GCP emulators in one process, as strict as the real ones. Owns: the listener,
 * the prefixes /aws, /azure, /gcp and /sandbox, and faults of a whole cloud. Does not own: the behavior of a cloud,
 * which is in its folder. Shares no code for tokens or trust with the server, because it tests the server. The
 * command line, the demo and the tests start it.
 */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Now, sleep, systemNow } from '../platform/time/index.ts';
import { allClouds, type CloudFactory } from './clouds.ts';
import type { SandboxRequest, SandboxResponse } from './contract.ts';
import { control, json, notFound } from './control.ts';
import { readRequest } from './request.ts';
import { createState } from './state.ts';

export interface SandboxOptions {
  /** Port 0 selects a free port. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly now?: Now;
  /** PEM texts; if set, the sandbox serves https only. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly clouds?: readonly CloudFactory[];
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts the sandbox; rejects if it cannot listen on the address. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { listen, now = systemNow, tls, clouds: factories = allClouds } = options;
  let origin = '';
  const state = createState(now, () => origin);
  const clouds = factories.map((create) => create(state.runtime));

  const handle = async (prefix: string, request: SandboxRequest): Promise<SandboxResponse | 'drop'> => {
    if (prefix === 'sandbox') return control(state, clouds, request);
    const cloud = clouds.find(({ name }) => name === prefix);
    if (!cloud) return notFound();
    const { delay_ms, outage, status } = state.faults(cloud.name);
    await sleep(delay_ms);
    if (outage) return 'drop';
    return status === null ? cloud.handle(request) : cloud.faultResponse(status, request);
  };

  const serve: http.RequestListener = async (incoming, response) => {
    const answer = await readRequest(incoming)
      .then((read) => (read ? handle(read.prefix, read.request) : json(413, { error: 'body_too_large' })))
      .catch((error: unknown) => json(500, { error: 'sandbox_defect', detail: String(error) }));
    if (answer === 'drop') return void incoming.socket.destroy();
    // AWS SDKs correct their clock with this header before they sign.
    const date = new Date(state.runtime.now()).toUTCString();
    response.writeHead(answer.status, { date, ...answer.headers }).end(answer.body);
  };

  const server = tls ? https.createServer(tls, serve) : http.createServer(serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(listen.port, listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  origin = `${tls ? 'https' : 'http'}://${host}:${port}`;

  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        for (const cloud of clouds) cloud.close?.();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
