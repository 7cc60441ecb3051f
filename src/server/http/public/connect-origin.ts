/**
 * Requests that change something come from the page itself. The secret in its path is what keeps unauthenticatedCallers out; this
 * keeps out other sites in the browser of somebody who has it (OWASP, cross-site request forgery, fetch metadata).
 */
import type { Context } from 'koa';
import { SojournError } from '../../../platform/errors/index.ts';

/**
 * Throws `cross_origin_request`. Browsers say where a request comes from in Sec-Fetch-Site; older ones in Origin,
 * which is `null` for a form under our referrer policy, and then says nothing. Programs say neither.
 */
export function requireSameOrigin(ctx: Pick<Context, 'get'>, origin: string): void {
  const site = ctx.get('sec-fetch-site');
  const from = ctx.get('origin');
  const isOurs = from === '' || from === origin || (from === 'null' && site !== '');
  if (isOurs && ['', 'same-origin', 'none'].includes(site)) return;
  throw new SojournError('cross_origin_request');
}
