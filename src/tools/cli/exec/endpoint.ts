/** A loopback endpoint from which the child program fetches credentials while it runs. No other program can. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type ExecSupport, programsOf } from '../../../clouds/programs/index.ts';
import { type Now, systemNow } from '../../../platform/time/index.ts';
import {
  createOriginCheck,
  createSecretMatcher,
  type Listener,
  listenLocally,
} from '../../loopback/index.ts';
import { isRefusal, SojournRequestError } from '../../sdk/index.ts';
import type { FetchCredentials } from '../client.ts';
import { type CloudCredentials, issuedOf } from './issued.ts';

export interface Endpoint extends Listener {
  /** Bearer secret of the endpoint; known only to the child program. */
  readonly secret: string;
}

interface EndpointResponse {
  readonly status: number;
  readonly body: object;
}

type EndpointProtocol = ExecSupport['endpoint'];

/** The path at which the libraries of a cloud fetch credentials. */
export const pathOf = (cloud: string): string => `/${cloud}`;

const maxBytes = 16 * 1024;

/** Serves one connection per cloud. The SDK caches credentials, so most responses need no request to the server. */
export async function startEndpoint(
  fetchCredentials: FetchCredentials,
  connections: ReadonlyMap<CloudCredentials['cloud'], string>,
  now: Now = systemNow,
): Promise<Endpoint> {
  const secret = randomBytes(32).toString('base64url');
  const isSecret = createSecretMatcher(secret);

  async function respond(request: IncomingMessage, isOutside: boolean): Promise<EndpointResponse> {
    const [path] = (request.url ?? '').split('?');
    const [cloud, connection] = [...connections].find(([name]) => pathOf(name) === path) ?? [];
    const protocol = programsOf(cloud ?? '')?.exec?.endpoint;
    if (isOutside) return { status: 403, body: protocol?.error(forbidden) ?? {} };
    if (!protocol || protocol.method !== request.method || cloud === undefined || connection === undefined)
      return { status: 404, body: {} };
    const body = await readBody(request);
    if (body === undefined || !isSecret(protocol.secretOf(request.headers, body)))
      return { status: 401, body: protocol.error(unauthorized) };
    return serveCredentials(protocol, cloud, connection);
  }

  async function serveCredentials(
    protocol: EndpointProtocol,
    cloud: string,
    connection: string,
  ): Promise<EndpointResponse> {
    try {
      const credentials = await fetchCredentials(connection);
      if (credentials.cloud === 'service' || credentials.cloud !== cloud) return { status: 404, body: {} };
      return { status: 200, body: protocol.credentials(issuedOf(credentials), now) };
    } catch (error) {
      if (!(error instanceof SojournRequestError)) return { status: 500, body: {} };
      // Cloud libraries report a 400 and do not retry it; they do not handle 409. They retry a 503.
      return { status: isRefusal(error) ? 400 : 503, body: protocol.error(error) };
    }
  }

  const listener = await listenLocally({ host: '127.0.0.1', port: 0 }, (origin) => {
    const outsider = createOriginCheck(origin);
    return async (request) => {
      const { status, body } = await respond(request, outsider(request) !== undefined).catch(() => failed);
      return { status, type: 'application/json', text: JSON.stringify(body) };
    };
  });
  return { ...listener, secret };
}

const failed: EndpointResponse = { status: 500, body: {} };

const unauthorized = {
  code: 'unauthorized',
  detail: 'This endpoint belongs to another program.',
  advice: 'Use the environment variables that `sojourn exec` set for the program.',
};

const forbidden = {
  code: 'forbidden',
  detail: 'This endpoint does not answer web pages, proxies and other hosts.',
  advice: 'Send the request to 127.0.0.1 or localhost, from the program itself.',
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
