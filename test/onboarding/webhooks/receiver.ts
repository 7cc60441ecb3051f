/** A receiver of security event tokens over real https that records its requests. */
import type { ServerResponse } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { type ForeignIssuer, type Page, startForeignIssuer } from '../../support/foreign-issuer.ts';

export interface Received {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

export interface Receiver extends Pick<ForeignIssuer, 'origin' | 'caFile' | 'close'> {
  readonly received: Received[];
  /** Sets the response at this path. */
  answer(path: string, status: number, headers?: Record<string, string>): void;
  /** Requests at this path get no response from now on. */
  hang(path: string): void;
  /** Resolves when the path has received at least this many requests. */
  until(path: string, count: number): Promise<readonly Received[]>;
}

const waitAtMostMs = 15_000;

export async function startReceiver(): Promise<Receiver> {
  const { origin, caFile, pages, close } = await startForeignIssuer();
  const received: Received[] = [];
  const receivedAt = (path: string) => received.filter((request) => request.path === path);
  const handle = (path: string, respond: (response: ServerResponse) => void) => {
    const page: Page = (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        received.push({ path, contentType: String(request.headers['content-type']), body });
        respond(response);
      });
    };
    pages[path] = page;
  };
  return {
    origin,
    caFile,
    close,
    received,
    answer: (path, status, headers = {}) =>
      handle(path, (response) => void response.writeHead(status, headers).end()),
    hang: (path) => handle(path, () => undefined),
    async until(path, count) {
      const end = performance.now() + waitAtMostMs;
      while (receivedAt(path).length < count) {
        if (performance.now() > end)
          throw new Error(`${path} received ${receivedAt(path).length} of ${count} requests`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return receivedAt(path);
    },
  };
}

/** Verifies an event as a receiver does: with the issuer's published keys and no shared secret. */
export async function readEvent(issuer: string, audience: string, { body }: Received) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const { payload } = await jwtVerify(body, keys, { issuer, audience, typ: 'secevent+jwt' });
  return { header: decodeProtectedHeader(body), payload };
}
