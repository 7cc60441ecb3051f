/** A request to a URL from the configuration or from our own code. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { SojournError } from '../errors/index.ts';
import { withoutSecretsOf } from '../redaction/index.ts';
import { headersOf, open, type ResponseHeaders, readText } from './open.ts';

export interface OutboundRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Aborts the request, including reading the body. */
  readonly signal: AbortSignal;
  /** Maximum size of the response body, in bytes. */
  readonly maxBytes?: number;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: string;
}

type DateListener = (time: number, origin: string) => void;

const dateListeners = new AsyncLocalStorage<DateListener>();

/**
 * Passes the times in the answers to `work`'s requests (`Date`, RFC 9110 section 6.6.1) to the listener, in milliseconds since the
 * epoch.
 */
export const observingDates = <T>(listener: DateListener, work: () => T): T =>
  dateListeners.run(listener, work);

const defaultMaxBytes = 256 * 1024;

/**
 * Sends one request; does not follow redirects. The body of a refusal never contains the secrets of the request's headers.
 * Rejects with `cloud_timeout` if the signal fires, `cloud_answer_unknown` if the body is too long or compressed, and
 * `cloud_unavailable` for every other failure.
 */
export async function send(request: OutboundRequest): Promise<OutboundResponse> {
  const { url: address, signal, maxBytes = defaultMaxBytes } = request;
  const url = new URL(address);
  try {
    const answer = await open(url, request);
    const date = Date.parse(answer.headers.date ?? '');
    if (!Number.isNaN(date)) dateListeners.getStore()?.(date, url.origin);
    try {
      const body = await readText(answer, maxBytes, (what) => unusableBody(url, what));
      const status = answer.statusCode ?? 0;
      return {
        status,
        headers: headersOf(answer),
        body: withoutSecretsOf(request.headers ?? {}, { status, body }),
      };
    } finally {
      // Closes the connection, unless the response was read to its end.
      answer.destroy();
    }
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    if (signal.aborted)
      throw new SojournError('cloud_timeout', { detail: `${url.host} did not answer in time.`, cause });
    throw new SojournError('cloud_unavailable', {
      detail: `${url.host} could not be reached.`,
      cause,
      retryAfter: 5,
    });
  }
}

const unusableBody = ({ host }: URL, what: string) =>
  new SojournError('cloud_answer_unknown', { detail: `${host} ${what}.` });
