/** A conversation in a protocol other than HTTP: one connection, to the same addresses that a request may reach. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { SojournError } from '../errors/index.ts';
import { abortable, addressesOf, type EgressPolicy, lookupOf, trusting } from './external.ts';
import { type ServerAddress, systemResolveServers } from './resolve.ts';
import { clientTls } from './tls.ts';

export interface Peer {
  write(bytes: Uint8Array): void;
  /** Exactly this many bytes. */
  read(length: number): Promise<Buffer>;
}

/** The address of a sandbox or gateway in the configuration, which replaces that of the service. */
export type Route = EgressPolicy | { readonly url: string };

/**
 * Connects over TLS, holds the conversation and closes the connection. Rejects with `cloud_timeout` if the signal fires, and
 * with `cloud_unavailable` if the connection fails or ends early; an error of `talk` that is ours stays as it is.
 */
export async function converse<T>(
  address: ServerAddress,
  route: Route,
  signal: AbortSignal,
  talk: (peer: Peer) => Promise<T>,
): Promise<T> {
  const name = `${address.host}:${address.port}`;
  let socket: Socket | undefined;
  try {
    signal.throwIfAborted();
    socket = addAbortSignal(signal, await open(address, route, signal));
    const secure = 'url' in route && !route.url.startsWith('https:') ? 'connect' : 'secureConnect';
    await once(socket, secure);
    return await talk(peerOf(socket));
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    if (signal.aborted)
      throw new SojournError('cloud_timeout', { detail: `${name} did not answer in time.`, cause });
    throw new SojournError('cloud_unavailable', { detail: `${name} could not be reached.`, cause });
  } finally {
    // The abort signal can still emit an error.
    socket?.on('error', () => undefined).destroy();
  }
}

/** The servers of a name in DNS. Rejects with `cloud_timeout` if the signal fires, and with `cloud_unavailable` without an answer. */
export async function serversOf(
  name: string,
  signal: AbortSignal,
  resolve = systemResolveServers,
): Promise<readonly ServerAddress[]> {
  try {
    return await abortable(signal, resolve(name));
  } catch (cause) {
    if (signal.aborted)
      throw new SojournError('cloud_timeout', { detail: `${name} was not resolved in time.`, cause });
    throw new SojournError('cloud_unavailable', { detail: `${name} could not be resolved.`, cause });
  }
}

async function open(address: ServerAddress, route: Route, signal: AbortSignal): Promise<Socket> {
  if ('url' in route) {
    const { protocol, hostname, port } = new URL(route.url);
    const endpoint = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) };
    return protocol === 'https:' ? connectTls({ ...clientTls, ...endpoint }) : connectTcp(endpoint);
  }
  const name = `${address.host}:${address.port}`;
  const addresses = await abortable(signal, addressesOf(new URL(`https://${name}`), name, route));
  return connectTls({ ...clientTls, ...address, lookup: lookupOf(addresses), ...trusting(route.ca) });
}

function peerOf(socket: Socket): Peer {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let received: Buffer = Buffer.alloc(0);
  return {
    write: (bytes) => void socket.write(bytes),
    async read(length) {
      while (received.length < length) {
        const { value, done } = await chunks.next();
        if (done) throw new Error('The connection ended before the answer.');
        received = Buffer.concat([received, value]);
      }
      const bytes = received.subarray(0, length);
      received = received.subarray(length);
      return bytes;
    },
  };
}
