/** Serves discovery and JWKS: fixed bytes with an ETag, the same for every caller. */
import type { Context } from 'koa';
import { SojournError } from '../../../platform/errors/index.ts';
import { discoveryPath, type FixedDocument, jwksPath } from '../../../tokens/issuer/index.ts';

/** Whether requests for this path are served before others. */
export const isDocumentPath = (path: string): boolean =>
  path.endsWith(jwksPath) || path.endsWith(discoveryPath);

export function serveDocument(ctx: Context, document: FixedDocument): void {
  // One spelling only: a query would make as many entries in every cache on the way.
  if (ctx.querystring !== '' || ctx.req.url?.includes('?')) throw new SojournError('not_found');
  ctx.status = 200;
  ctx.set(document.headers);
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.body = document.body;
  ctx.set('content-type', 'application/json');
}
