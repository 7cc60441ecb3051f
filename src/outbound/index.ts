/**
 * The only way out of the process (besides the AWS SDK, which brings its own). Owns: one bounded HTTP request, and one
 * that goes to public or named networks alone. Does not own: retries and what an answer means.
 */
import { SojournError } from '../errors/index.ts';

export { type Permits, permitsIn } from './addresses.ts';
export { type Guard, getGuarded, lookGuarded, postGuarded, type Resolve } from './guarded.ts';

export interface OutboundRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, body included. */
  readonly signal: AbortSignal;
  /** Longest body read, in bytes. */
  readonly maxBytes?: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

const defaultMaxBytes = 256 * 1024;

/**
 * Sends one request. Redirects are not followed: the answer is returned as it is.
 * Rejects with `cloud_timeout` when the signal fired, `cloud_unavailable` for every other failure to get an answer.
 */
export async function send(request: OutboundRequest): Promise<OutboundAnswer> {
  const { url, signal, maxBytes = defaultMaxBytes } = request;
  const host = new URL(url).host;
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: { ...request.headers },
      body: request.body ?? null,
      redirect: 'manual',
      signal,
    });
    return {
      status: response.status,
      headers: response.headers,
      body: await readBounded(response, maxBytes),
    };
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    if (signal.aborted)
      throw new SojournError('cloud_timeout', { detail: `${host} did not answer in time.`, cause });
    throw new SojournError('cloud_unavailable', {
      detail: `${host} could not be reached.`,
      cause,
      retryAfter: 5,
    });
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new SojournError('cloud_answer_unknown', { detail: `The answer is over ${maxBytes} bytes.` });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
