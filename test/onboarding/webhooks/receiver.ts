/** A receiver of security event tokens over real https, and what it was told. */
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
  /** What it answers at this path from now on. */
  answer(path: string, status: number, headers?: Record<string, string>): void;
  /** From now on it takes what comes at this path and says nothing. */
  hang(path: string): void;
  /** Resolves when at least this many came in at the path. */
  until(path: string, count: number): Promise<readonly Received[]>;
}

const waitAtMostMs = 15_000;

export async function startReceiver(): Promise<Receiver> {
  const { origin, caFile, pages, close } = await startForeignIssuer();
  const received: Received[] = [];
  const at = (path: string) => received.filter((one) => one.path === path);
  const take = (path: string, then: (response: ServerResponse) => void) => {
    const page: Page = (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        received.push({ path, contentType: String(request.headers['content-type']), body });
        then(response);
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
      take(path, (response) => void response.writeHead(status, headers).end()),
    hang: (path) => take(path, () => undefined),
    async until(path, count) {
      const end = performance.now() + waitAtMostMs;
      while (at(path).length < count) {
        if (performance.now() > end) throw new Error(`${at(path).length} of ${count} came in at ${path}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return at(path);
    },
  };
}

/** As a receiver does it: with the keys that the issuer publishes, and nothing shared before. */
export async function readEvent(issuer: string, audience: string, { body }: Received) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const { payload } = await jwtVerify(body, keys, { issuer, audience, typ: 'secevent+jwt' });
  return { header: decodeProtectedHeader(body), payload };
}
