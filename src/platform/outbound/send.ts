/** One request to a place that the operator or we have named. */
import { SojournError } from '../errors/index.ts';
import { type AnswerHeaders, headersOf, open, textIn } from './open.ts';

export interface OutboundRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Ends the request, body included. */
  readonly signal: AbortSignal;
  /** Longest body read, in bytes. */
  readonly maxBytes?: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

const defaultMaxBytes = 256 * 1024;

/**
 * Sends one request. Redirects are not followed: the answer is returned as it is.
 * Rejects with `cloud_timeout` when the signal fired, `cloud_answer_unknown` for a body that is too long or compressed,
 * `cloud_unavailable` for every other failure to get an answer.
 */
export async function send(request: OutboundRequest): Promise<OutboundAnswer> {
  const { url: address, signal, maxBytes = defaultMaxBytes } = request;
  const url = new URL(address);
  try {
    const answer = await open(url, request);
    try {
      const body = await textIn(answer, maxBytes, (what) => unfit(url, what));
      return { status: answer.statusCode ?? 0, headers: headersOf(answer), body };
    } finally {
      // What was read to its end keeps its connection; anything else is cut.
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

const unfit = ({ host }: URL, what: string) =>
  new SojournError('cloud_answer_unknown', { detail: `${host} ${what}.` });
