/** A place on loopback where one program fetches credentials, again and again while it runs, and nobody else does. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credentials, SojournRequestError } from '../../sdk/index.ts';
import { type Now, systemNow } from '../../time/index.ts';
import type { CredentialsOf } from '../client.ts';
import { forms, type LocalForm } from './forms.ts';

export interface Endpoint {
  readonly origin: string;
  /** Whoever shows it gets the credentials. */
  readonly secret: string;
  readonly close: () => Promise<void>;
}

const maxBytes = 16 * 1024;

/** Serves the connection of each cloud; the SDK keeps what it got, so that a library is answered at once. */
export async function startEndpoint(
  credentialsOf: CredentialsOf,
  connections: ReadonlyMap<Credentials['cloud'], string>,
  now: Now = systemNow,
): Promise<Endpoint> {
  const secret = randomBytes(32).toString('base64url');

  async function answer(request: http.IncomingMessage): Promise<{ status: number; body: object }> {
    const [path] = (request.url ?? '').split('?');
    const [cloud, form] =
      Object.entries(forms).find(([, one]) => one.path === path && one.method === request.method) ?? [];
    const connection = connections.get(cloud as Credentials['cloud']);
    if (!form || connection === undefined) return { status: 404, body: {} };
    const body = await textOf(request);
    if (body === undefined || !isSecret(form.secretIn(request.headers, body)))
      return { status: 401, body: form.refuse(stranger) };
    return handOver(form, connection);
  }

  async function handOver(form: LocalForm, connection: string): Promise<{ status: number; body: object }> {
    try {
      const body = form.answer(await credentialsOf(connection), now());
      return body ? { status: 200, body } : { status: 404, body: {} };
    } catch (error) {
      if (!(error instanceof SojournRequestError)) return { status: 500, body: {} };
      // A 4xx is shown by the libraries and not asked again; they know no 409.
      const isRefusal = error.status !== undefined && error.status < 500 && error.status !== 429;
      return { status: isRefusal ? 400 : 503, body: form.refuse(error) };
    }
  }

  const isSecret = (shown: unknown): boolean =>
    typeof shown === 'string' && timingSafeEqual(digest(shown), digest(secret));

  const server = http.createServer(async (request, response) => {
    const { status, body } = await answer(request).catch(() => ({ status: 500, body: {} }));
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const stranger = {
  code: 'unauthorized',
  detail: 'This endpoint belongs to another program.',
  advice: 'Ask with the variables that `sojourn exec` gave to the program.',
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

async function textOf(request: http.IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
