/** A place on loopback where one program fetches credentials, again and again while it runs, and nobody else does. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Now, systemNow } from '../../../platform/time/index.ts';
import {
  createOriginCheck,
  createSecretMatcher,
  type Listener,
  listenLocally,
} from '../../loopback/index.ts';
import { type Credentials, isRefusal, SojournRequestError } from '../../sdk/index.ts';
import type { FetchCredentials } from '../client.ts';
import { type EndpointProtocol, protocols } from './protocols.ts';

export interface Endpoint extends Listener {
  /** Whoever shows it gets the credentials. */
  readonly secret: string;
}

interface EndpointResponse {
  readonly status: number;
  readonly body: object;
}

const maxBytes = 16 * 1024;

/** Serves the connection of each cloud; the SDK keeps what it got, so that a library is answered at once. */
export async function startEndpoint(
  fetchCredentials: FetchCredentials,
  connections: ReadonlyMap<Credentials['cloud'], string>,
  now: Now = systemNow,
): Promise<Endpoint> {
  const secret = randomBytes(32).toString('base64url');
  const isSecret = createSecretMatcher(secret);

  async function answer(request: IncomingMessage, isOutside: boolean): Promise<EndpointResponse> {
    const [path] = (request.url ?? '').split('?');
    const [cloud, form] =
      Object.entries(protocols).find(([, one]) => one.path === path && one.method === request.method) ?? [];
    const connection = connections.get(cloud as Credentials['cloud']);
    if (!form || connection === undefined) return { status: 404, body: {} };
    const body = await readBody(request);
    if (isOutside || body === undefined || !isSecret(form.secretIn(request.headers, body)))
      return { status: 401, body: form.error(unauthorized) };
    return serveCredentials(form, connection);
  }

  async function serveCredentials(form: EndpointProtocol, connection: string): Promise<EndpointResponse> {
    try {
      const body = form.credentials(await fetchCredentials(connection), now());
      return body ? { status: 200, body } : { status: 404, body: {} };
    } catch (error) {
      if (!(error instanceof SojournRequestError)) return { status: 500, body: {} };
      // A 4xx is shown by the libraries and not asked again; they know no 409.
      return { status: isRefusal(error) ? 400 : 503, body: form.error(error) };
    }
  }

  const listener = await listenLocally({ host: '127.0.0.1', port: 0 }, (origin) => {
    const outsider = createOriginCheck(origin);
    return async (request) => {
      const given = await answer(request, outsider(request) !== undefined).catch(() => failed);
      return { status: given.status, type: 'application/json', text: JSON.stringify(given.body) };
    };
  });
  return { ...listener, secret };
}

const failed: EndpointResponse = { status: 500, body: {} };

const unauthorized = {
  code: 'unauthorized',
  detail: 'This endpoint belongs to another program.',
  advice: 'Ask with the variables that `sojourn exec` gave to the program.',
};

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
