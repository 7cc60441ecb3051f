/**
 * Requests that change state must come from the page itself. The secret in the path keeps out unauthenticated callers;
 * this check keeps out other sites in the browser of an invitation holder (OWASP, cross-site request forgery, fetch
 * metadata).
 */
import type { Context } from 'koa';
import { SojournError } from '../../../platform/errors/index.ts';

/**
 * Throws `cross_origin_request`. Browsers send the origin of a request in Sec-Fetch-Site; older ones send Origin, which
 * is `null` for a form under our referrer policy and then proves nothing. Programs send neither.
 */
export function requireSameOrigin(ctx: Pick<Context, 'get'>, origin: string): void {
  const site = ctx.get('sec-fetch-site');
  const from = ctx.get('origin');
  const isOurs = from === '' || from === origin || (from === 'null' && site !== '');
  if (isOurs && ['', 'same-origin', 'none'].includes(site)) return;
  throw new SojournError('cross_origin_request');
}
