/** The endpoint on loopback: it answers from memory, in the forms that the clouds' SDKs know. */
import type { IncomingMessage } from 'node:http';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { Address } from '../../server/config/index.ts';
import { type Answer, type Listener, listenLocally } from '../loopback/index.ts';
import { inForm } from './form.ts';
import { createGuard, type Guard, type Stranger } from './guard.ts';
import type { Keeper } from './keeper.ts';

export interface EndpointOptions {
  readonly address: Address;
  /** What callers must send as `Authorization`. */
  readonly token: string;
  readonly keeper: Pick<Keeper, 'get'>;
  readonly status: () => unknown;
  readonly metrics: () => Promise<string>;
  readonly refused: (reason: Stranger) => void;
  readonly logger: Logger;
  readonly now: Now;
}

/** Rejects with `config_invalid` when the address cannot be used. */
export function openEndpoint(options: EndpointOptions): Promise<Listener> {
  return listenLocally(options.address, (origin) => {
    const guard = createGuard(origin, options.token);
    return (request) => answer(request, guard, options);
  });
}

async function answer(request: IncomingMessage, guard: Guard, options: EndpointOptions): Promise<Answer> {
  try {
    const stranger = guard(request);
    if (stranger) throw turnedAway(request, stranger, options);
    return { status: 200, ...(await bodyFor(request, options)) };
  } catch (thrown) {
    const error = thrown instanceof SojournError ? thrown : new SojournError('internal', { cause: thrown });
    if (error.code === 'internal') options.logger.error({ err: error.cause }, 'an answer failed');
    return failure(error, request);
  }
}

/** The line of the audit. Of the path only an id is told: anything may stand there, also a secret. */
function turnedAway({ url = '' }: IncomingMessage, reason: Stranger, { refused, logger }: EndpointOptions) {
  const last = url.split('?')[0]?.split('/').at(-1) ?? '';
  logger.warn(
    {
      event: 'agent.refused',
      outcome: 'refused',
      reason,
      ...(isId('con', last) ? { connection: last } : {}),
    },
    'a caller was turned away',
  );
  refused(reason);
  return new SojournError('agent_forbidden');
}

/**
 * The two members that AWS SDKs show of a refusal
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html), or a problem document (RFC 9457) for
 * our own command, which tells the sentence apart from the advice.
 */
function failure({ code, status, message, advice }: SojournError, { headers }: IncomingMessage): Answer {
  const type = 'application/problem+json';
  const allow = code === 'method_not_allowed' ? { headers: { allow: 'GET' } } : {};
  return headers.accept === type
    ? { status, type, text: JSON.stringify({ code, detail: message, advice }), ...allow }
    : { status, ...json({ Code: code, Message: `${message} ${advice}` }), ...allow };
}

async function bodyFor(
  { method, url = '' }: IncomingMessage,
  options: EndpointOptions,
): Promise<Pick<Answer, 'type' | 'text'>> {
  if (method !== 'GET') throw new SojournError('method_not_allowed');
  if (url === '/v1/status') return json(options.status());
  if (url === '/metrics') return { type: 'text/plain; version=0.0.4', text: await options.metrics() };
  const [, kind, connection = '', query] =
    /^\/v1\/(credentials|token)\/(con_[0-9a-z]{1,64})(\?.*)?$/.exec(url) ?? [];
  if (kind !== 'credentials' && kind !== 'token') throw notServed();
  const { format, purpose } = askedFor(query, kind === 'credentials' ? ['format', 'purpose'] : []);
  const { text, expiresAt } = await options.keeper.get(connection, kind, purpose).catch((error: unknown) => {
    throw error instanceof SojournError && error.code === 'not_found' ? notServed() : error;
  });
  if (kind === 'credentials') {
    const { mediaType, body } = inForm(format ?? 'aws-container', text, options.now);
    return { type: mediaType, text: body };
  }
  return json({ access_token: text, token_type: 'Bearer', expires_in: toSeconds(expiresAt - options.now()) });
}

/** The parameters of these names; any other is a path that is not there. */
function askedFor(query: string | undefined, names: readonly string[]): Partial<Record<string, string>> {
  const given = [...new URLSearchParams(query)];
  const isKnown = given.every(
    ([name], at) => names.includes(name) && !given.slice(0, at).some(([n]) => n === name),
  );
  if (!isKnown || query === '?') throw notServed();
  return Object.fromEntries(given);
}

const json = (value: unknown): Pick<Answer, 'type' | 'text'> => ({
  type: 'application/json',
  text: JSON.stringify(value),
});

const notServed = () =>
  new SojournError('not_found', {
    detail: 'The agent keeps nothing of this kind, or not for this purpose.',
    advice: 'Check the connection, what is kept of it and its `purpose` in the configuration of the agent.',
  });
