/**
 * Sends all outbound requests through node:http, because the standard fetch takes 30 MB more memory. Does not follow
 * redirects and does not decompress bodies.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { clientTls } from './tls.ts';

// An import evaluates all exports of these modules, and one of them loads the implementation of fetch.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

export interface HttpRequestInit {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly body?: string | undefined;
  /** Aborts the request, including reading the response body. */
  readonly signal: AbortSignal;
}

/** Shown as the caller in cloud audit logs such as CloudTrail. */
const userAgent = 'sojourn';

/**
 * Resolves at the response headers. Rejects with Node's error, or with the signal's reason as soon as it fires: Node emits
 * no event for a request without a socket, or for a response that switches protocols.
 */
export function open(
  url: URL,
  { method, headers, body, signal }: HttpRequestInit,
  more: RequestOptions = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? https.request : http.request;
    const end = () => reject(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    request(url, {
      ...clientTls,
      ...more,
      method,
      signal,
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': userAgent, ...headers },
    })
      .once('response', resolve)
      .on('error', (error) => reject(withoutPacket(error)))
      .once('close', () => {
        signal.removeEventListener('abort', end);
        reject(new Error('The connection was closed without a response.'));
      })
      .end(body);
  });
}

/** A parse error of Node has the bytes of the response, which can repeat a secret of the request, and the logger writes them. */
function withoutPacket(error: Error & { rawPacket?: unknown }): Error {
  delete error.rawPacket;
  return error;
}

/** By lower-case name. */
export type ResponseHeaders = Readonly<Record<string, string>>;

export const headersOf = ({ headers }: IncomingMessage): ResponseHeaders =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** The body as text. Rejects with `refusal(predicate)` if it is compressed or too long. */
export async function readText(
  answer: IncomingMessage,
  maxBytes: number,
  refusal: (predicate: string) => Error,
): Promise<string> {
  if (answer.headers['content-encoding'] !== undefined) throw refusal('sends a compressed response');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxBytes) throw refusal(`sends more than ${maxBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}
