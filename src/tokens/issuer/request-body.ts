/**
 * The body of a request to /token, which is read twice: by our checks, and by oidc-provider. Node lets a stream's data be
 * put back until it has emitted `end`.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { SojournError } from '../../platform/errors/index.ts';

/** A form without a parameter. An empty stream would end at once. */
const emptyForm = '&';

/**
 * Reads the whole body and puts it back.
 *
 * @throws {SojournError} `body_too_large` over `maxBytes`; `invalid_request` when the caller goes away
 */
export async function peekBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  // A declared length is refused before the body has arrived.
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    for (let chunk = request.read(); chunk !== null; chunk = request.read()) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
    if (request.complete) break;
    if (request.destroyed) throw incomplete();
    await once(request, 'readable').catch((cause) => {
      throw incomplete(cause);
    });
  }
  const body = Buffer.concat(chunks);
  request.unshift(size === 0 ? Buffer.from(emptyForm) : body);
  return body.toString();
}

/** Replaces a body that was peeked, with the headers that describe it. */
export function replaceBody(request: IncomingMessage, parameters: ReadonlyMap<string, string>): void {
  const body = Buffer.from(new URLSearchParams([...parameters]).toString() || emptyForm);
  request.read();
  // In the same turn of the event loop, so that the stream does not end in between.
  request.unshift(body);
  delete request.headers['transfer-encoding'];
  request.headers['content-type'] = 'application/x-www-form-urlencoded';
  request.headers['content-length'] = String(body.length);
}

const incomplete = (cause?: unknown): SojournError =>
  new SojournError('invalid_request', { detail: 'The body is incomplete.', cause });

const tooLarge = (maxBytes: number) =>
  new SojournError('body_too_large', {
    detail: `The body is larger than ${Math.floor(maxBytes / 1024)} KB.`,
  });
