/**
 * Keeps web pages away from the admin API, also in a browser on the machine of an administrator: a page that uses DNS
 * rebinding sends its own name as Host, and a page of another site sends Origin or Sec-Fetch-Site.
 */
import type { Context, Next } from 'koa';
import type { Audit } from '../../../platform/audit/index.ts';
import { type ErrorCode, SojournError } from '../../../platform/errors/index.ts';
import { hostIn } from '../request-target.ts';
import { prefix } from './route.ts';

/** @param isOwnHost whether the name or address is one of this listener */
export const requireOwnHost =
  ({ isOwnHost, audit }: { readonly isOwnHost: (host: string) => boolean; readonly audit: Audit }) =>
  async (ctx: Context, next: Next): Promise<void> => {
    const code = ctx.path.startsWith(prefix) ? violationOf(ctx, isOwnHost) : undefined;
    if (code === undefined) return next();
    await audit.record({
      event: 'admin.refused',
      outcome: 'refused',
      actor: 'unknown',
      ...ctx.state.requestContext,
      reason: code,
    });
    throw new SojournError(code, code === 'cross_origin_request' ? { advice: useProgram } : {});
  };

const useProgram = 'Use `sojourn` or another program; the admin API does not answer web pages.';

function violationOf(ctx: Context, isOwnHost: (host: string) => boolean): ErrorCode | undefined {
  const host = ctx.get('host');
  const { localAddress = '' } = ctx.req.socket;
  const name = hostIn(host);
  if (name === undefined || !(isOwnHost(name) || name === localAddress.replace(/^::ffff:/, '')))
    return 'host_not_allowed';
  const origin = ctx.get('origin');
  const isOwnOrigin = origin === '' || origin === `${ctx.protocol}://${host}`;
  return isOwnOrigin && ['', 'same-origin', 'none'].includes(ctx.get('sec-fetch-site'))
    ? undefined
    : 'cross_origin_request';
}
