/**
 * Serves what comes before koa: discovery and JWKS, fixed bytes with an ETag, the same for every caller and every query; and the
 * readiness probes of load balancers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FixedDocument } from '../../tokens/issuer/index.ts';
import type { AppOptions } from './app.ts';
import { answerProbe, type Probes } from './readiness.ts';
import { faultOfTarget } from './request-target.ts';

/** A request listener that resolves once it has handled the request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** The document at a path, and its route for the metrics; undefined if there is none. */
export type FindDocument = (path: string) => Found | undefined | Promise<Found | undefined>;

export interface Found {
  readonly route: string;
  readonly document: FixedDocument;
}

/** Whether a path ends as those of the documents do. */
export const endsIn =
  (paths: readonly string[]) =>
  (path: string): boolean =>
    paths.some((end) => path.endsWith(end));

/** Any other request, one with an invalid target, and one whose document is missing or cannot be read go to `next`. */
export const documentsFirst =
  (
    {
      find,
      isDocument,
      probes,
    }: { find: FindDocument; isDocument: (path: string) => boolean; probes: Probes },
    { now, observe }: Pick<AppOptions, 'now' | 'observe'>,
    next: Handler,
  ): Handler =>
  (request, response) => {
    const { url = '', method = '' } = request;
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const probe = probes.get(path);
    if ((method !== 'GET' && method !== 'HEAD') || !(probe || isDocument(path)) || faultOfTarget(request))
      return next(request, response);
    const startedAt = now();
    const observed = (route: string, status: number) =>
      observe({ route, method, status, seconds: (now() - startedAt) / 1000 });
    if (probe) return answerProbe(response, probe).then((status) => observed(path, status));
    const serve = (found: Found | undefined): Promise<void> | void => {
      if (!found) return next(request, response);
      observed(found.route, serveDocument(request, response, found.document));
    };
    const found = find(path);
    return found instanceof Promise ? found.then(serve, () => serve(undefined)) : serve(found);
  };

/** Any page may read them: they are public, and the same for every caller. */
const commonHeaders = {
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Returns the status. */
export function serveDocument(
  request: IncomingMessage,
  response: ServerResponse,
  { body, headers: own }: FixedDocument,
): 200 | 304 {
  if (isCurrent(request.headers['if-none-match'], own.etag ?? '')) {
    const { 'content-type': _, ...kept } = own;
    response.writeHead(304, { ...kept, ...commonHeaders }).end();
    return 304;
  }
  response.writeHead(200, { ...own, ...commonHeaders, 'content-length': body.length }).end(body);
  return 200;
}

/** RFC 9110 section 13.1.2: weak comparison with each tag of the list. */
const isCurrent = (tags: string | undefined, etag: string): boolean =>
  tags !== undefined &&
  (tags === etag || tags === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));
