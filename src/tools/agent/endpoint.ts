/** The loopback endpoint: serves cached tokens and credentials in the formats of the clouds' SDKs. */
import type { IncomingMessage } from 'node:http';
import { programs } from '../../clouds/programs/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { Address } from '../../server/config/index.ts';
import { type HttpResponse, type Listener, listenLocally } from '../loopback/index.ts';
import type { CacheValue } from './cache-entry.ts';
import { formatCached } from './format.ts';
import type { Refresher } from './refresher.ts';
import { createRequestCheck, type RefusalReason, type RequestCheck } from './request-check.ts';

export interface EndpointOptions {
  readonly address: Address;
  /** What callers must send as `Authorization`. */
  readonly token: string;
  readonly refresher: Pick<Refresher, 'get'>;
  /** A token that no other caller gets, for a service with a preset; undefined for any other connection. */
  readonly freshToken: (connection: string) => Promise<CacheValue> | undefined;
  readonly status: () => unknown;
  readonly metrics: () => Promise<string>;
  readonly onRefused: (reason: RefusalReason) => void;
  readonly logger: Logger;
  readonly now: Now;
}

/** Rejects with `config_invalid` if the address cannot be used. */
export function openEndpoint(options: EndpointOptions): Promise<Listener> {
  return listenLocally(options.address, (origin) => {
    const check = createRequestCheck(origin, options.token);
    return (request) => respond(request, check, options);
  });
}

async function respond(
  request: IncomingMessage,
  check: RequestCheck,
  options: EndpointOptions,
): Promise<HttpResponse> {
  try {
    const reason = check(request);
    if (reason) throw refuse(request, reason, options);
    return { status: 200, ...(await bodyFor(request, options)) };
  } catch (caught) {
    const error = caught instanceof SojournError ? caught : new SojournError('internal', { cause: caught });
    if (error.code === 'internal') options.logger.error({ err: error.cause }, 'a request failed');
    return errorResponse(error, request);
  }
}

/** Logs the refusal. Of the path only a connection id is logged, because the rest may contain a secret. */
function refuse(
  { url = '' }: IncomingMessage,
  reason: RefusalReason,
  { onRefused, logger }: EndpointOptions,
): SojournError {
  const lastSegment = url.split('?')[0]?.split('/').at(-1) ?? '';
  logger.warn(
    {
      event: 'agent.request_refused',
      outcome: 'refused',
      reason,
      ...(isId('con', lastSegment) ? { connection: lastSegment } : {}),
    },
    'refused a request',
  );
  onRefused(reason);
  return new SojournError('agent_forbidden');
}

/**
 * The two members of an error that AWS SDKs show
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html), or a problem document (RFC 9457)
 * for the `sojourn` command, which needs detail and advice separately.
 */
function errorResponse(
  { code, status, message, advice }: SojournError,
  { headers }: IncomingMessage,
): HttpResponse {
  const type = 'application/problem+json';
  const allow = code === 'method_not_allowed' ? { headers: { allow: 'GET' } } : {};
  return headers.accept === type
    ? { status, type, text: JSON.stringify({ code, detail: message, advice }), ...allow }
    : { status, ...json({ Code: code, Message: `${message} ${advice}` }), ...allow };
}

async function bodyFor(
  { method, url = '' }: IncomingMessage,
  options: EndpointOptions,
): Promise<Pick<HttpResponse, 'type' | 'text'>> {
  if (method !== 'GET') throw new SojournError('method_not_allowed');
  if (url === '/v1/status') return json(options.status());
  if (url === '/metrics') return { type: 'text/plain; version=0.0.4', text: await options.metrics() };
  const [, type, connection = '', query] =
    /^\/v1\/(credentials|token)\/(con_[0-9a-z]{1,64})(\?.*)?$/.exec(url) ?? [];
  if (type !== 'credentials' && type !== 'token') throw notServed();
  const { format, purpose } = parseQuery(query, type === 'credentials' ? ['format', 'purpose'] : []);
  const fresh = type === 'token' ? options.freshToken(connection) : undefined;
  const { text, expiresAt } = await (fresh ?? options.refresher.get(connection, type, purpose)).catch(
    (error: unknown) => {
      throw error instanceof SojournError && error.code === 'not_found' ? notServed() : error;
    },
  );
  if (type === 'credentials') {
    const { mediaType, body } = formatCached(format ?? defaultFormat, text, options.now);
    return { type: mediaType, text: body };
  }
  return json({ access_token: text, token_type: 'Bearer', expires_in: toSeconds(expiresAt - options.now()) });
}

/** Of the SDKs that fetch credentials without naming a format. */
const defaultFormat =
  Object.values(programs).find(({ agent }) => agent?.defaultFormat)?.agent?.defaultFormat ?? 'json';

/** The parameters of these names, at most once each. Any other query is answered with 404. */
function parseQuery(query: string | undefined, names: readonly string[]): Partial<Record<string, string>> {
  const parameters = [...new URLSearchParams(query)];
  const isValid = parameters.every(
    ([name], index) => names.includes(name) && !parameters.slice(0, index).some(([other]) => other === name),
  );
  if (!isValid || query === '?') throw notServed();
  return Object.fromEntries(parameters);
}

const json = (value: unknown): Pick<HttpResponse, 'type' | 'text'> => ({
  type: 'application/json',
  text: JSON.stringify(value),
});

const notServed = () =>
  new SojournError('not_found', {
    detail: 'The agent does not serve this for the connection, or not for this purpose.',
    advice: 'Check the connection, what it serves and its `purpose` in the configuration of the agent.',
  });
