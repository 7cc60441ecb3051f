/** A service whose protocol is not HTTP: it answers on a port of its own, which `GET /NAME/listener` opens and names. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { sleep } from '../../platform/time/index.ts';
import type { SandboxCloud, SandboxRuntime } from '../contract.ts';
import { createIssuerCache } from '../issuer-cache.ts';
import { evaluate, keepKeysSeconds, readTrust, type Trust } from './evaluate.ts';

/** What the service decides about a log-in; `throttled` as set by `PUT /sandbox/faults`. */
export type Decision = 'accepted' | 'refused' | 'throttled';

export interface Protocol {
  readonly name: string;
  /** The whole length of a frame, from its first four bytes. */
  lengthOf(head: Buffer): number;
  /**
   * The answers of one connection, in order; undefined closes it.
   * @param decide about a token with further values that the customer may demand
   */
  converse(
    decide: (token: string, values: Readonly<Record<string, string>>) => Promise<Decision>,
  ): (frame: Buffer) => Promise<Buffer | undefined>;
}

const maxFrameBytes = 64 * 1024;

export function portService({ name, lengthOf, converse }: Protocol, runtime: SandboxRuntime): SandboxCloud {
  const issuers = createIssuerCache(runtime, () => keepKeysSeconds);
  const open = new Set<Socket>();
  let trust: Trust | undefined;
  let server: Server | undefined;

  async function decide(token: string, values: Readonly<Record<string, string>>): Promise<Decision> {
    if (runtime.faults(name).status !== null) return 'throttled';
    const outcome =
      !trust || JSON.stringify(values) !== JSON.stringify(trust.parameters)
        ? 'parameter'
        : await evaluate(token, trust, { runtime, issuers, claim: undefined, used: undefined });
    runtime.record({ cloud: name, operation: 'login', outcome });
    return outcome === 'ok' ? 'accepted' : 'refused';
  }

  async function serve(socket: Socket): Promise<void> {
    const answer = converse(decide);
    let received: Buffer = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= 4) {
        const length = lengthOf(received);
        if (length < 8 || length > maxFrameBytes) return;
        if (received.length < length) break;
        const bytes = await answer(received.subarray(0, length));
        if (!bytes) return;
        socket.write(bytes);
        received = received.subarray(length);
      }
    }
  }

  const listen = async (): Promise<Server> => {
    const created = createServer(async (socket) => {
      open.add(socket.on('error', () => undefined).once('close', () => open.delete(socket)));
      const { delay_ms, outage } = runtime.faults(name);
      await sleep(delay_ms);
      // A malformed frame ends the connection, as an outage does.
      if (!outage) await serve(socket).catch(() => undefined);
      socket.destroy();
    });
    await once(created.listen(0, new URL(runtime.origin).hostname), 'listening');
    return created;
  };

  return {
    name,
    async handle({ method, path, body }) {
      if (method === 'GET' && path === '/listener') {
        server ??= await listen();
        const { hostname } = new URL(runtime.origin);
        const url = `http://${hostname}:${(server.address() as AddressInfo).port}`;
        return {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ url }),
        };
      }
      if (method !== 'PUT' || path !== '/trust') return { status: 404, headers: {}, body: '' };
      trust = readTrust(body);
      return { status: 204, headers: {}, body: '' };
    },
    faultResponse: (status) => ({ status, headers: {}, body: '' }),
    reset() {
      trust = undefined;
      issuers.reset();
    },
    close() {
      server?.close();
      for (const socket of open) socket.destroy();
    },
  };
}
