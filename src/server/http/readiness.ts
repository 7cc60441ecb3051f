/** Readiness for load balancers. The public listeners answer the status alone; the checks are on the admin listener. */
import type { ServerResponse } from 'node:http';

/** Tokens can be issued now. */
export const readinessPath = '/readyz';
/** Discovery and JWKS can be served. */
export const documentsReadinessPath = '/readyz/documents';

type Probe = () => boolean | Promise<boolean>;

/** By path, whether the server is ready. */
export type Probes = ReadonlyMap<string, Probe>;

export const readinessStatus = (isReady: boolean) =>
  isReady ? { status: 200, text: 'ready' } : { status: 503, text: 'not_ready' };

/** Returns the status. */
export async function answerProbe(response: ServerResponse, probe: Probe): Promise<number> {
  const { status, text } = readinessStatus(await probe());
  const body = JSON.stringify({ status: text });
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
  return status;
}
