/**
 * The one place where a request leaves: node:http, since the standard fetch holds thirty megabytes more for the same work.
 * A redirect is an answer like any other, and nothing is unpacked.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';

// An import would look at each of their exports, and one of these loads all that fetch is made of.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

export interface Asking {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly body?: string | undefined;
  /** Ends the request, body of the answer included. */
  readonly signal: AbortSignal;
}

/** What cloud audit logs such as CloudTrail show of the caller. */
const userAgent = 'sojourn';

/**
 * Resolves with the head of the answer. Rejects with Node's own error, or with the reason of the signal as soon as it
 * fires: Node says nothing of a request that has no socket yet, nor of an answer that changes the protocol.
 */
export function open(
  url: URL,
  { method, headers, body, signal }: Asking,
  more: RequestOptions = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? https.request : http.request;
    const end = () => reject(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    request(url, {
      ...more,
      method,
      signal,
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': userAgent, ...headers },
    })
      .once('response', resolve)
      .on('error', reject)
      .once('close', () => {
        signal.removeEventListener('abort', end);
        reject(new Error('The connection ended without an answer.'));
      })
      .end(body);
  });
}

/** By names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string>>;

export const headersOf = ({ headers }: IncomingMessage): AnswerHeaders =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** The body as text. Rejects with `refusal` of half a sentence when it is compressed or too long. */
export async function textIn(
  answer: IncomingMessage,
  maxBytes: number,
  refusal: (what: string) => Error,
): Promise<string> {
  if (answer.headers['content-encoding'] !== undefined) throw refusal('sends a compressed answer');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxBytes) throw refusal(`sends over ${maxBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}
