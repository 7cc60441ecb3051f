/** A fake key service on loopback: counts its calls, and can be slow, hang, or refuse connections. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Call {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The failures that a fake key service simulates. */
export interface Trouble {
  /** How many of the next calls are throttled. */
  throttled: number;
  /** Signatures are made with another key. */
  wrong: boolean;
  /** All calls are denied. */
  denied: boolean;
  /** All calls are denied, with a message that repeats the request. */
  echoes: boolean;
  /** How many of the next calls are executed, but their responses lost. */
  lost: number;
  /** No call gets a response. */
  hangs: boolean;
  delayMs: number;
}

export async function localService(contentType: string, answer: (call: Call, trouble: Trouble) => Answer) {
  const calls: Call[] = [];
  const trouble: Trouble = {
    throttled: 0,
    wrong: false,
    denied: false,
    echoes: false,
    lost: 0,
    hangs: false,
    delayMs: 0,
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const call = { method: request.method!, url: request.url!, headers: request.headers, body };
    calls.push(call);
    if (trouble.hangs) return;
    if (trouble.delayMs > 0) await sleep(trouble.delayMs);
    const done = trouble.echoes
      ? echoing(answer(call, { ...trouble, denied: true }), call)
      : answer(call, trouble);
    if (trouble.lost > 0) {
      trouble.lost--;
      request.socket.destroy();
    } else write(response, contentType, done);
  });
  // unref, so that a failing test does not keep the process alive.
  server.unref();
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    calls,
    trouble,
    /** Stops listening, so that connections are refused. */
    stop,
    startAgain: () => listen(port),
  };
}

export type LocalService = Awaited<ReturnType<typeof localService>>;

/** As a gateway that logs a request into its error message. */
const echoing = (answer: Answer, { headers, body }: Call): Answer => ({
  ...answer,
  body: JSON.parse(JSON.stringify(answer.body), (name, value: unknown) =>
    name === 'message'
      ? `refused: ${headers['x-amz-security-token']} ${headers.authorization} ${body}`
      : value,
  ),
});

function write(response: ServerResponse, contentType: string, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType, ...headers });
  response.end(JSON.stringify(body));
}
